-- What a thread's state takes: checkpoints without their values, the values by channel, pending writes.
-- A small value lies inside its checkpoint, a large one beside it; both are values here.
with mine as materialized (
    select checkpoint_ns, checkpoint, metadata from checkpoints where thread_id = %(thread_id)s::text
), held as (
    select v.key as channel, checkpoint_ns, checkpoint -> 'channel_versions' ->> v.key as version,
        octet_length(v.value::text) as bytes
    from mine cross join lateral jsonb_each(checkpoint -> 'channel_values') as v
    union all
    select channel, checkpoint_ns, version, coalesce(octet_length(blob), 0)
    from checkpoint_blobs where thread_id = %(thread_id)s::text and type <> 'empty'
), by_channel as (
    select channel, count(distinct (checkpoint_ns, version))::bigint as versions, sum(bytes)::bigint as bytes
    from held group by channel
), pending as (
    select count(*)::bigint as n, coalesce(sum(octet_length(blob)), 0)::bigint as bytes
    from checkpoint_writes where thread_id = %(thread_id)s::text
)
select (select count(*) from mine) as checkpoints,
    (select coalesce(sum(octet_length((checkpoint - 'channel_values')::text) + octet_length(metadata::text)), 0)
        from mine)::bigint as checkpoint_bytes,
    (select coalesce(sum(versions), 0) from by_channel)::bigint as "values",
    (select coalesce(sum(bytes), 0) from by_channel)::bigint as value_bytes,
    (select coalesce(json_object_agg(channel, json_build_object('versions', versions, 'bytes', bytes)), '{}')
        from by_channel) as by_channel,
    pending.n as writes, pending.bytes as write_bytes
from pending
