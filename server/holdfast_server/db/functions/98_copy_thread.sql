-- Copies a thread with its whole history under a new id; live runs stay with the original.
create or replace function copy_thread(_tenant text, _from uuid, _to uuid) returns setof thread
language plpgsql as $$
begin
    insert into thread (tenant, thread_id, status, metadata, config, "values", interrupts, state_updated_at)
    select tenant, _to, case when coalesce(interrupts::text, '{}') <> '{}' then 'interrupted' else 'idle' end,
        metadata, config, "values", interrupts, state_updated_at
    from thread where thread_id = _from and tenant = _tenant;
    if not found then
        return;
    end if;
    insert into checkpoints
    select _to::text, checkpoint_ns, checkpoint_id, parent_checkpoint_id, type, checkpoint,
        case when metadata ? 'thread_id' then jsonb_set(metadata, '{thread_id}', to_jsonb(_to::text))
            else metadata end
    from checkpoints where thread_id = _from::text;
    insert into checkpoint_blobs
    select _to::text, checkpoint_ns, channel, version, type, blob
    from checkpoint_blobs where thread_id = _from::text;
    insert into checkpoint_writes
        (thread_id, checkpoint_ns, checkpoint_id, task_id, idx, channel, type, blob, task_path)
    select _to::text, checkpoint_ns, checkpoint_id, task_id, idx, channel, type, blob, task_path
    from checkpoint_writes where thread_id = _from::text;
    return query select * from thread where thread_id = _to;
end $$;
