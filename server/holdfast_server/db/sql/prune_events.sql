-- Deletes stream events of runs that are over, once they are older than their time to live.
delete from event where event_id in (
    select e.event_id from event e left join run r using (run_id)
    where e.created_at < clock_timestamp() - %(ttl)s
        and (r.run_id is null or r.state not in ('scheduled', 'blocked', 'ready', 'running'))
    order by e.event_id limit 20000)
