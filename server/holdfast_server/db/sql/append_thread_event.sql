-- Appends an event that belongs to a thread and to no run; nothing when a run has taken the thread since.
with idle as materialized (
    select thread_id from thread where thread_id = %(thread_id)s::uuid and status <> 'busy' for no key update
)
select append_events(thread_id, null, array[%(name)s], array[%(data)s]) from idle
