-- How the newest run of an A2A task stands, with the questions of its thread.
select r.run_id, r.state, r.updated_at, r.output::text as output, r.error, t.interrupts,
    t.status as thread_status, g.schemas
from run r join thread t using (thread_id)
left join graph g on g.graph_id = r.graph_id
where r.tenant = %(tenant)s and r.run_id = %(run_id)s
