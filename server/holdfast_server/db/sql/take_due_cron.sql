-- Locks the cron that has been due for longest and that no other scheduler holds; `now` is the database's.
-- A scheduler that freezes or is cut off in the middle of a firing loses it to the others after a moment.
select c.*, clock_timestamp() as now, set_config('idle_in_transaction_session_timeout', '3s', true) as patience
from cron c where next_run_date <= statement_timestamp()
order by next_run_date limit 1 for update skip locked
