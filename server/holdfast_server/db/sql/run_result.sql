-- How a run stands, with what `wait` answers; a cancelled run shows the thread's last values.
select r.state, coalesce(r.output::text, t."values"::text) as output, r.error::text as error
from run r join thread t using (thread_id) where r.run_id = %(run_id)s
