-- Undoes what a run wrote to its thread's state: its checkpoints, the writes that hang on them, and what it
-- wrote on older ones, such as the answer to a question and the results that followed.
create or replace function discard_checkpoints(_run_id uuid, _thread_id text) returns void
language sql as $$
    with gone as (
        delete from checkpoints where thread_id = _thread_id and metadata ->> 'run_id' = _run_id::text
        returning checkpoint_ns, checkpoint_id)
    delete from checkpoint_writes w
    where w.thread_id = _thread_id and (w.run_id = _run_id or exists (
        select from gone where gone.checkpoint_ns = w.checkpoint_ns
        and gone.checkpoint_id = w.checkpoint_id))
$$;
