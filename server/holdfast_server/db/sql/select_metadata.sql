-- Checkpoints by their metadata alone; the saver appends its own `where`.
select thread_id, checkpoint_ns, checkpoint_id, metadata from checkpoints
