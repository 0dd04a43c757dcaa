-- Saves checkpoints, blobs and task writes in one commit, or nothing when the fence is broken.
-- A run's fence: nobody claimed or stopped it since. An editor's fence: no run is in its thread's lane.
-- `for share` waits for a concurrent change and then sees it; a plain read would let stale commits by.
with run_fence as materialized (
    select 1 from run where run_id = %(fenced_run)s and epoch = %(epoch)s and state = 'running' for share
), idle_fence as materialized (
    select 1 from thread where thread_id = %(idle_thread)s and status <> 'busy' for share
), fence as materialized (
    select from run_fence union all select from idle_fence union all select where %(unfenced)s
), blobs as (
    insert into checkpoint_blobs (thread_id, checkpoint_ns, channel, version, type, blob)
    select %(thread_id)s, b.ns, b.channel, b.version, b.type, b.blob
    from fence, unnest(%(blob_ns)b::text[], %(blob_channel)b::text[], %(blob_version)b::text[],
        %(blob_type)b::text[], %(blob_data)b::bytea[]) as b (ns, channel, version, type, blob)
    on conflict do nothing
), saved as (
    insert into checkpoints (thread_id, checkpoint_ns, checkpoint_id, parent_checkpoint_id, checkpoint, metadata)
    select %(thread_id)s, c.ns, c.id, c.parent, c.body::jsonb, c.metadata::jsonb
    from fence, unnest(%(cp_ns)b::text[], %(cp_id)b::text[], %(cp_parent)b::text[], %(cp_body)b::text[],
        %(cp_metadata)b::text[]) as c (ns, id, parent, body, metadata)
    on conflict (thread_id, checkpoint_ns, checkpoint_id)
    do update set checkpoint = excluded.checkpoint, metadata = excluded.metadata
), kept as (
    insert into checkpoint_writes
        (thread_id, checkpoint_ns, checkpoint_id, task_id, task_path, idx, channel, type, blob)
    select %(thread_id)s, w.ns, w.cp, w.task, w.path, w.idx, w.channel, w.type, w.blob
    from fence, unnest(%(w_ns)b::text[], %(w_cp)b::text[], %(w_task)b::text[], %(w_path)b::text[],
        %(w_idx)b::int[], %(w_channel)b::text[], %(w_type)b::text[], %(w_blob)b::bytea[])
        as w (ns, cp, task, path, idx, channel, type, blob)
    on conflict do nothing
), replaced as (
    insert into checkpoint_writes
        (thread_id, checkpoint_ns, checkpoint_id, task_id, task_path, idx, channel, type, blob)
    select %(thread_id)s, w.ns, w.cp, w.task, w.path, w.idx, w.channel, w.type, w.blob
    from fence, unnest(%(s_ns)b::text[], %(s_cp)b::text[], %(s_task)b::text[], %(s_path)b::text[],
        %(s_idx)b::int[], %(s_channel)b::text[], %(s_type)b::text[], %(s_blob)b::bytea[])
        as w (ns, cp, task, path, idx, channel, type, blob)
    on conflict (thread_id, checkpoint_ns, checkpoint_id, task_id, idx)
    do update set channel = excluded.channel, type = excluded.type, blob = excluded.blob
)
select count(*) as held from fence
