-- Reduces an idle thread to what it needs to go on: the newest checkpoint of the graph and of each sub-graph
-- that is part of it, with their writes and values. Answers 'pruned', 'busy' or 'delta'.
-- The rules are those of LangGraph's own `prune`: the call of a sub-graph (its namespace ends in ":<task>")
-- goes with the root checkpoint it started from; a DeltaChannel's value is spread over old checkpoints.
create or replace function keep_latest(_thread_id uuid) returns text
language plpgsql as $$
declare
    _id text := _thread_id::text;
    root text;
begin
    perform from thread where thread_id = _thread_id and status <> 'busy' for no key update;
    if not found then
        return 'busy';
    end if;
    if has_delta_channels(_id) then
        return 'delta';
    end if;
    select max(checkpoint_id) into root from checkpoints where thread_id = _id and checkpoint_ns = '';
    with head as materialized (
        select distinct on (checkpoint_ns) checkpoint_ns, checkpoint_id, metadata -> 'parents' ->> '' as started_at
        from checkpoints where thread_id = _id order by checkpoint_ns desc, checkpoint_id desc
    ), kept as materialized (
        select checkpoint_ns, checkpoint_id from head h
        where not (position(':' in checkpoint_ns) > 0 and started_at <> root and exists (
            select from checkpoints r where r.thread_id = _id and r.checkpoint_ns = ''
            and r.checkpoint_id = h.started_at))
    )
    delete from checkpoints c where c.thread_id = _id and not exists (
        select from kept k where k.checkpoint_ns = c.checkpoint_ns and k.checkpoint_id = c.checkpoint_id);
    delete from checkpoint_writes w where w.thread_id = _id and not exists (
        select from checkpoints c where c.thread_id = _id and c.checkpoint_ns = w.checkpoint_ns
        and c.checkpoint_id = w.checkpoint_id);
    delete from checkpoint_blobs b where b.thread_id = _id and not exists (
        select from checkpoints c where c.thread_id = _id and c.checkpoint_ns = b.checkpoint_ns
        and c.checkpoint -> 'channel_versions' ->> b.channel = b.version);
    -- A parent that is no more must not be offered to go back to.
    update checkpoints set parent_checkpoint_id = null
    where thread_id = _id and parent_checkpoint_id is not null;
    return 'pruned';
end $$;
