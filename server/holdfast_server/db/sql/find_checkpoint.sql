-- Whether a thread has a checkpoint.
select checkpoint_id from checkpoints where thread_id = %(thread_id)s and checkpoint_ns = %(ns)s
    and checkpoint_id = %(checkpoint_id)s
