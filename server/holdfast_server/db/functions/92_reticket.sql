-- Mends the seam to the engine: due runs join their lane, and a ready run whose ticket nobody will use gets
-- a new one. Returns how many runs it moved.
create or replace function reticket(_patience interval) returns int
language plpgsql as $$
declare
    target run;
    moved int := 0;
begin
    -- An array is read whole: what follows sees one tenant at a time.
    for target in select * from unnest(array(
        select r from run r where state = 'scheduled' and not_before <= clock_timestamp()
        union all
        select r from run r
        left join procrastinate_jobs j on j.id = r.ticket and j.status = 'todo'
        where r.state = 'ready' and r.ticket_at < clock_timestamp() - _patience and j.id is null))
    loop
        perform act_for(target.tenant);
        perform from thread where thread_id = target.thread_id for no key update skip locked;
        continue when not found;
        update run set state = 'blocked' where run_id = target.run_id
            and state = 'scheduled' and not_before <= clock_timestamp();
        update run set ticket = wake(run_id, graph_id), ticket_at = clock_timestamp()
        where run_id = target.run_id and state = 'ready'
            and ticket_at < clock_timestamp() - _patience;
        perform promote(target.thread_id);
        moved := moved + 1;
    end loop;
    perform act_for('');
    return moved;
end $$;
