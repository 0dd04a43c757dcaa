-- Whether this id is taken, by whomever.
select 1 as found from thread where thread_id = %(thread_id)s
