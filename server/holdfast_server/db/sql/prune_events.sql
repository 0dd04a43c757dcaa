-- Deletes stream events of runs that are over, once they are older than their time to live.
delete from event where event_id in (
    select e.event_id from event e left join run r using (run_id)
    where e.created_at < clock_timestamp() - %(ttl)s
        -- Where the young ones begin: what lies behind is not looked at.
        and e.event_id < coalesce((select young.event_id from event young
            where young.created_at >= clock_timestamp() - %(ttl)s order by young.event_id limit 1), 2::bigint ^ 62)
        and (r.run_id is null or r.state not in ('scheduled', 'blocked', 'ready', 'running'))
    order by e.event_id limit 20000)
