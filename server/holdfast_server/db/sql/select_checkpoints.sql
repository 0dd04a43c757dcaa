-- Checkpoints with their values and writes, as the stock saver selects them; it appends its own `where`.
-- The lateral `limit 1` makes PostgreSQL look each value up by key. A plain join reads all blobs of the
-- thread for one checkpoint, so that the state of a long thread costs more than that of a short one.
select thread_id, checkpoint, checkpoint_ns, checkpoint_id, parent_checkpoint_id, metadata,
    (
        select array_agg(array[v.channel::bytea, bl.type::bytea, bl.blob])
        from jsonb_each_text(checkpoint -> 'channel_versions') as v (channel, version)
        cross join lateral (
            select b.type, b.blob from checkpoint_blobs b
            where b.thread_id = checkpoints.thread_id and b.checkpoint_ns = checkpoints.checkpoint_ns
                and b.channel = v.channel and b.version = v.version
            limit 1
        ) bl
    ) as channel_values,
    (
        select array_agg(array[cw.task_id::text::bytea, cw.channel::bytea, cw.type::bytea, cw.blob,
            convert_to(cw.task_path, 'UTF8'), cw.idx::text::bytea])
        from checkpoint_writes cw
        where cw.thread_id = checkpoints.thread_id and cw.checkpoint_ns = checkpoints.checkpoint_ns
            and cw.checkpoint_id = checkpoints.checkpoint_id
    ) as pending_writes
from checkpoints
