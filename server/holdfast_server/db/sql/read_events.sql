-- The next stream events of a run together with its state, from one snapshot: an end never hides an event.
-- A page ends after 500 events or a megabyte, whichever comes first; names that nobody asked for come without data.
select r.state, e.event_id, e.name, e.data, e.ms
from run r left join lateral (
    select f.*, sum(coalesce(octet_length(data), 0)) over (order by event_id) - coalesce(octet_length(data), 0) as before
    from (
        select event_id, name, floor(extract(epoch from created_at) * 1000)::bigint as ms,
            case when %(shown)s::text[] is null or split_part(name, '|', 1) = any(%(shown)s) then data end as data
        from event
        where thread_id = r.thread_id and run_id = r.run_id
            and event_id > greatest(%(after)s::bigint, r.first_event)
        order by event_id limit 500
    ) f
) e on e.before < 1048576
where r.run_id = %(run_id)s order by e.event_id
