-- Makes the lifetime that langgraph.json gives to new threads known, or that it gives none any more.
with gone as (
    delete from thread_lifetime where %(ttl_minutes)s::float8 is null
)
insert into thread_lifetime (strategy, ttl_minutes)
select %(strategy)s, %(ttl_minutes)s::float8 where %(ttl_minutes)s::float8 is not null
on conflict (is_set) do update set strategy = excluded.strategy, ttl_minutes = excluded.ttl_minutes
