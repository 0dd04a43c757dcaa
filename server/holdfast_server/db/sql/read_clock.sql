-- The time, as the database knows it.
select clock_timestamp() as now
