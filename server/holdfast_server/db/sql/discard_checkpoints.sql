-- Undoes what a rolled-back run wrote to its thread's state.
select discard_checkpoints(%(run_id)s, %(thread_id)s)
