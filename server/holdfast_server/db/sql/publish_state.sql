-- Shows an edited state on its thread, unless a run has taken the thread since.
update thread set "values" = %(values)s::json, interrupts = %(interrupts)s::json, status = %(status)s,
    error = null, state_updated_at = clock_timestamp(), updated_at = clock_timestamp()
where thread_id = %(thread_id)s::uuid and status <> 'busy'
