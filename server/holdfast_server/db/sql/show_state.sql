-- Shows the newest state on its thread, whose status stays, unless a run has taken the thread since.
update thread set "values" = %(values)s::json, interrupts = %(interrupts)s::json,
    state_updated_at = clock_timestamp()
where thread_id = %(thread_id)s::uuid and status <> 'busy'
