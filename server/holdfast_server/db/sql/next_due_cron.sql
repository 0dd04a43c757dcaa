-- How many seconds until the next cron is due.
select extract(epoch from min(next_run_date) - clock_timestamp())::float as seconds
from cron where next_run_date is not null
