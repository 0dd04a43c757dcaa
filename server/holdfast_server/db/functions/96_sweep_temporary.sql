-- Forgets the threads of stateless runs that ended long enough ago, at most so many. Answers how many.
create or replace function sweep_temporary(_ttl interval, _limit int) returns int
language plpgsql as $$
declare
    old thread;
    swept int := 0;
begin
    for old in select * from unnest(array(
        select t from thread t
        where temporary and status <> 'busy' and updated_at < clock_timestamp() - _ttl limit _limit))
    loop
        perform act_for(old.tenant);
        swept := swept + forget_thread(old.thread_id)::int;
    end loop;
    perform act_for('');
    return swept;
end $$;
