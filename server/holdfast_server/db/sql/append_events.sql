-- Appends stream events of an attempt that still owns its run, and tells the readers once.
with fence as materialized (
    select thread_id from run where run_id = %(run_id)s and epoch = %(epoch)s and state = 'running' for share
)
select append_events(thread_id, %(run_id)s, %(names)s::text[], %(data)s::text[]) as appended from fence
