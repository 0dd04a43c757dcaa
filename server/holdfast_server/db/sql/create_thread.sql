-- Creates a thread; no row when the id is taken.
insert into thread (tenant, thread_id, metadata) values (%(tenant)s, %(thread_id)s, %(metadata)s::jsonb)
on conflict (thread_id) do nothing returning *
