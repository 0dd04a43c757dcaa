-- Ends the time of threads that nobody used for as long as they live, at most so many; a busy one is left
-- alone. Answers how many it found.
create or replace function sweep_threads(_limit int) returns int
language plpgsql as $$
declare
    expired thread;
    found_some int := 0;
begin
    -- An array is read whole: what follows sees one tenant at a time.
    for expired in select * from unnest(array(
        select t from thread t where expires_at < clock_timestamp() and status <> 'busy'
        order by expires_at limit _limit for update skip locked))
    loop
        perform act_for(expired.tenant);
        found_some := found_some + 1;
        if expired.ttl_strategy = 'delete' then
            perform forget_thread(expired.thread_id);
        else
            perform keep_latest(expired.thread_id);
            -- Nothing is left to prune until somebody uses it again.
            update thread set expires_at = null where thread_id = expired.thread_id;
        end if;
    end loop;
    perform act_for('');
    return found_some;
end $$;
