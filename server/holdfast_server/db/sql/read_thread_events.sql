-- The next stream events of a thread; one row without an event when there is none, no row when there is no thread.
-- A page ends after 500 events or a megabyte, whichever comes first; names that nobody asked for come without data.
select e.event_id, e.run_id, e.name, e.data, e.ms, e.graph_id
from thread t left join lateral (
    select f.*, sum(coalesce(octet_length(data), 0)) over (order by event_id) - coalesce(octet_length(data), 0) as before
    from (
        select event_id, run_id, name, floor(extract(epoch from created_at) * 1000)::bigint as ms,
            case when %(shown)s::text[] is null or split_part(name, '|', 1) = any(%(shown)s) then data end as data,
            case when name = 'metadata' then (select graph_id from run r where r.run_id = event.run_id) end as graph_id
        from event where thread_id = t.thread_id and event_id > %(after)s
        order by event_id limit 500
    ) f
) e on e.before < 1048576
where t.thread_id = %(thread_id)s and t.tenant = %(tenant)s
    and (%(visible)s::jsonb[] is null or t.metadata @> any(%(visible)s::jsonb[]))
order by e.event_id
