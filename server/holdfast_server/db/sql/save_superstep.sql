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
    select %(thread_id)s, b.ns, b.channel, b.version, b.type, (%(data)b::bytea[])[b.n]
    from fence, json_to_recordset(%(blobs)s::json)
        as b (ns text, channel text, version text, type text, n int)
    on conflict do nothing
), saved as (
    insert into checkpoints (thread_id, checkpoint_ns, checkpoint_id, parent_checkpoint_id, checkpoint, metadata)
    select %(thread_id)s, c.ns, c.id, c.parent, c.body, c.metadata
    from fence, json_to_recordset(%(checkpoints)s::json)
        as c (ns text, id text, parent text, body jsonb, metadata jsonb)
    on conflict (thread_id, checkpoint_ns, checkpoint_id, tenant)
    do update set checkpoint = excluded.checkpoint, metadata = excluded.metadata
), kept as (
    insert into checkpoint_writes
        (thread_id, checkpoint_ns, checkpoint_id, task_id, task_path, idx, channel, type, blob, run_id)
    select %(thread_id)s, w.ns, w.cp, w.task, w.path, w.idx, w.channel, w.type, (%(data)b::bytea[])[w.n],
        %(fenced_run)s::uuid
    from fence, json_to_recordset(%(writes)s::json)
        as w (ns text, cp text, task text, path text, idx int, channel text, type text, n int)
    on conflict do nothing
), replaced as (
    insert into checkpoint_writes
        (thread_id, checkpoint_ns, checkpoint_id, task_id, task_path, idx, channel, type, blob, run_id)
    select %(thread_id)s, w.ns, w.cp, w.task, w.path, w.idx, w.channel, w.type, (%(data)b::bytea[])[w.n],
        %(fenced_run)s::uuid
    from fence, json_to_recordset(%(special)s::json)
        as w (ns text, cp text, task text, path text, idx int, channel text, type text, n int)
    on conflict (thread_id, checkpoint_ns, checkpoint_id, task_id, idx, tenant)
    do update set channel = excluded.channel, type = excluded.type, blob = excluded.blob
)
select count(*) as held from fence
