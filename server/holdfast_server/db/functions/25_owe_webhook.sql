-- Notes down the webhook of a run that ends, if it has one. The caller ends the run in the same transaction,
-- after it gave the thread its values. A run that is undone shows as interrupted.
create or replace function owe_webhook(_run run, _state text, _error json) returns void
language plpgsql as $$
begin
    if _run.webhook is null then
        return;
    end if;
    insert into webhook (tenant, run_id, thread_id, url, metadata, run, "values")
    select _run.tenant, _run.run_id, _run.thread_id, _run.webhook, t.metadata,
        json_build_object(
            'run_id', _run.run_id, 'thread_id', _run.thread_id, 'assistant_id', _run.assistant_id,
            'created_at', _run.created_at, 'updated_at', clock_timestamp(), 'metadata', _run.metadata,
            'state', case _state when 'rollback' then 'interrupted' else _state end,
            'kwargs', _run.kwargs, 'strategy', _run.strategy,
            'error', coalesce(_error, case _state
                when 'interrupted' then json_build_object('error', 'UserInterrupt',
                    'message', 'the run was cancelled')
                when 'rollback' then json_build_object('error', 'UserRollback',
                    'message', 'the run was cancelled and what it wrote was undone') end),
            'started_at', _run.started_at, 'ended_at', clock_timestamp()),
        t."values"
    from thread t where t.thread_id = _run.thread_id;
end $$;
