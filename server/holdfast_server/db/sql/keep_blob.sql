-- Keeps the value of a channel beside its checkpoint instead of in it.
insert into checkpoint_blobs (thread_id, checkpoint_ns, channel, version, type, blob)
values (%(thread_id)s, %(checkpoint_ns)s, %(channel)s, %(version)s, %(type)s, %(blob)s)
on conflict do nothing
