-- Forgets a run and what it wrote to its thread, without its worker. The caller holds the thread's lock.
create or replace function undo(_run run) returns void
language plpgsql as $$
begin
    perform discard_checkpoints(_run.run_id, _run.thread_id::text);
    perform owe_webhook(_run, 'rollback', null);
    delete from run where run_id = _run.run_id;
    perform settle_thread(thread_id, case when error is not null then 'error'
        when coalesce(interrupts::text, '{}') <> '{}' then 'interrupted' else 'idle' end)
    from thread where thread_id = _run.thread_id;
    perform append_end(_run.thread_id, _run.run_id, _run.graph_id, 'interrupted');
    perform show_state(_run.thread_id, _run.graph_id);
    perform pg_notify('holdfast_cancel', _run.run_id || ' superseded');
end $$;
