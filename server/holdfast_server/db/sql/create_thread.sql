-- Creates a thread; no row when the id is taken.
insert into thread (tenant, thread_id, metadata, ttl_strategy, ttl_minutes)
values (%(tenant)s, %(thread_id)s, %(metadata)s::jsonb, %(ttl_strategy)s, %(ttl_minutes)s)
on conflict (thread_id, tenant) do nothing returning *
