-- Takes the lease of a ready run for the worker that holds its ticket.
select * from claim(%(run_id)s, %(ticket)s, %(worker_id)s, %(lease)s)
