-- Takes a worker that stopped in order off the list.
delete from worker where worker_id = %(worker_id)s
