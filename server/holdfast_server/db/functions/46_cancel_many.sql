-- Cancels runs by id on one thread, or all of some states; threads in the order of their ids, so that two
-- such calls never wait for each other. Returns how many there were to cancel.
create or replace function cancel_many(
    _tenant text, _thread_id uuid, _run_ids uuid[], _states text[], _action text, _visible jsonb[])
returns int
language plpgsql as $$
declare
    target record;
    stopped int := 0;
begin
    for target in
        select r.thread_id, r.run_id from run r join thread t using (thread_id)
        where r.tenant = _tenant and (_visible is null or t.metadata @> any(_visible))
            and (_thread_id is null or r.thread_id = _thread_id)
            and (_run_ids is null or r.run_id = any(_run_ids))
            and r.state = any(_states)
        order by r.thread_id, r.place desc
    loop
        if cancel(_tenant, target.thread_id, target.run_id, _action) in ('running', 'interrupted') then
            stopped := stopped + 1;
        end if;
    end loop;
    return stopped;
end $$;
