-- The position of the newest event of a thread.
select coalesce(max(event_id), 0) as position from event where thread_id = %(thread_id)s
