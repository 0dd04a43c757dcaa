-- Makes the lifetime that langgraph.json gives to new threads known, or that it gives none any more.
with gone as (
    delete from thread_lifetime where tenant = %(tenant)s and %(ttl_minutes)s::float8 is null
)
insert into thread_lifetime (tenant, strategy, ttl_minutes)
select %(tenant)s, %(strategy)s, %(ttl_minutes)s::float8 where %(ttl_minutes)s::float8 is not null
on conflict (tenant) do update set strategy = excluded.strategy, ttl_minutes = excluded.ttl_minutes
