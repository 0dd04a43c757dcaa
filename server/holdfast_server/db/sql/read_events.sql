-- The next stream events of a run together with its state, from one snapshot: an end never hides an event.
select r.state, e.event_id, e.name, e.data, floor(extract(epoch from e.created_at) * 1000)::bigint as ms
from run r left join (
    select * from event where run_id = %(run_id)s and event_id > %(after)s order by event_id limit 500
) e on true
where r.run_id = %(run_id)s order by e.event_id
