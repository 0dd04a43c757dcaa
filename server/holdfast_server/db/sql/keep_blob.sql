-- Keeps the value of a channel beside its checkpoint instead of in it.
insert into checkpoint_blobs (tenant, thread_id, checkpoint_ns, channel, version, type, blob)
values (%(tenant)s, %(thread_id)s, %(checkpoint_ns)s, %(channel)s, %(version)s, %(type)s, %(blob)s)
on conflict do nothing
