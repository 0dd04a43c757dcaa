-- Ties a run's answers to interrupt ids before its graph sees them.
update run set answers = %(answers)s::json
where run_id = %(run_id)s and epoch = %(epoch)s and state = 'running' returning run_id
