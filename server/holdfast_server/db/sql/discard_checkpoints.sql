-- Undoes what a rolled-back run wrote to its thread's state, if this attempt still owns it.
with fence as materialized (
    select run_id, thread_id from run
    where run_id = %(run_id)s and epoch = %(epoch)s and state = 'running' for share
)
select discard_checkpoints(run_id, thread_id::text) from fence
