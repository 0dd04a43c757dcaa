-- Undoes what a run wrote to its thread's state: its checkpoints and the writes that hang on them.
create or replace function discard_checkpoints(_run_id uuid, _thread_id text) returns void
language sql as $$
    with gone as (
        delete from checkpoints where thread_id = _thread_id and metadata ->> 'run_id' = _run_id::text
        returning checkpoint_ns, checkpoint_id)
    delete from checkpoint_writes w using gone
    where w.thread_id = _thread_id and w.checkpoint_ns = gone.checkpoint_ns
        and w.checkpoint_id = gone.checkpoint_id
$$;
