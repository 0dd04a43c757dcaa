-- Locks the cron that has been due for longest and that no other scheduler holds; `now` is the database's.
select c.*, clock_timestamp() as now from cron c
where next_run_date <= statement_timestamp()
order by next_run_date limit 1 for update skip locked
