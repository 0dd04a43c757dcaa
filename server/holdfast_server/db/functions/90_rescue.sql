-- Puts one abandoned run back in front of the workers, or ends it when it was cancelled or crashed too often.
-- Abandoned: its lease is over, or its worker's session lock is gone and the worker is silent. Both are
-- judged only while the server has been up long enough for living workers to come back after a restart.
create or replace function rescue(_max_attempts int, _silence interval, _cancel_grace interval)
returns table (rescued uuid, verdict text)
language plpgsql as $$
declare
    lost run;
    settled boolean := clock_timestamp() - pg_postmaster_start_time() > _silence * 2;
begin
    -- An array is read whole: what follows sees one tenant at a time.
    for lost in select * from unnest(array(
        select r from abandoned_run(_silence, _cancel_grace) r where settled or r.cancel_at is not null))
    loop
        perform act_for(lost.tenant);
        perform from thread where thread_id = lost.thread_id for no key update skip locked;
        continue when not found;
        select * into lost from abandoned_run(_silence, _cancel_grace) r where r.run_id = lost.run_id;
        continue when not found;
        rescued := lost.run_id;
        lost.fruitless := case when exists (
            select from checkpoints c where c.thread_id = lost.thread_id::text
            and c.metadata ->> 'run_id' = lost.run_id::text
            and c.metadata ->> 'run_attempt' = lost.attempts::text
        ) then 0 else lost.fruitless + 1 end;
        if lost.cancel_action = 'rollback' then
            perform undo(lost);
            verdict := 'rolled back';
        elsif lost.cancel_action is not null then
            perform stop(lost, 'interrupted', null);
            verdict := 'cancelled';
        elsif lost.fruitless >= _max_attempts then
            perform stop(lost, 'error', json_build_object('error', 'WorkerLost', 'message',
                format('the worker died in %s attempts in a row before this run got any further; look at '
                    'its last step, then start the run again', lost.fruitless)));
            verdict := 'given up';
        else
            update run set state = 'ready', epoch = epoch + 1, lease_until = null, fruitless = lost.fruitless,
                ticket = wake(run_id, graph_id), ticket_at = clock_timestamp(), updated_at = clock_timestamp()
            where run_id = lost.run_id;
            perform pg_notify('holdfast_cancel', lost.run_id || ' superseded');
            verdict := 'ready';
        end if;
        return next;
    end loop;
    perform act_for('');
end $$;
