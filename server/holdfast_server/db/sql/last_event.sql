-- The position of the newest event of a run.
select coalesce(max(event_id), 0) as position from event where run_id = %(run_id)s
