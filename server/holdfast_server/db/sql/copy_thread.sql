-- Copies a thread with its history.
select * from copy_thread(%(tenant)s, %(thread_id)s, %(new_id)s)
