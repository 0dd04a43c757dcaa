-- Whether a thread's state is spread over its history: LangGraph counts a DeltaChannel's updates in the
-- metadata, or marks its snapshots by an inline `true` with a blob behind it.
create or replace function has_delta_channels(_id text) returns boolean
language sql as $$
    select exists (
        select from checkpoints where thread_id = _id
        and (metadata ? 'counters_since_delta_snapshot' or metadata ? 'delta_writes_versioned')
    ) or exists (
        select from checkpoints c
        cross join lateral jsonb_each(c.checkpoint -> 'channel_values') as v
        where c.thread_id = _id and v.value = 'true'::jsonb and exists (
            select from checkpoint_blobs b where b.thread_id = _id and b.checkpoint_ns = c.checkpoint_ns
            and b.channel = v.key and b.version = c.checkpoint -> 'channel_versions' ->> v.key))
$$;
