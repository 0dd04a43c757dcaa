-- Cancels one run on request. Answers 'missing', 'over', 'running' (its worker was asked), or 'interrupted'.
create or replace function cancel(_tenant text, _thread_id uuid, _run_id uuid, _action text) returns text
language plpgsql as $$
declare
    result text;
begin
    perform from thread where thread_id = _thread_id and tenant = _tenant for no key update;
    if not found or not exists (select from run where run_id = _run_id and thread_id = _thread_id) then
        return 'missing';
    end if;
    result := request_cancel(_run_id, _action);
    if result = 'interrupted' then
        -- It never ran: the thread is what it was before.
        perform settle_thread(_thread_id, case when error is not null then 'error'
            when coalesce(interrupts::text, '{}') <> '{}' then 'interrupted' else 'idle' end)
        from thread where thread_id = _thread_id;
    end if;
    return coalesce(result, 'over');
end $$;
