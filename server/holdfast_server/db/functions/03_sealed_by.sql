-- The key that a value is sealed with, as its column holds it; null when it is readable.
create or replace function sealed_by(_text text) returns text
language sql immutable parallel safe as $$
    select substring(_text from '^\{"\$sealed": ?"([0-9a-f]{8})\.')
$$;

-- The same of an event. The end of a run is written in here, around an error that is sealed by itself.
create or replace function event_sealed_by(_name text, _data text) returns text
language sql immutable parallel safe as $$
    select coalesce(sealed_by(_data),
        case when _name = 'end' then substring(_data from '\{\\"\$sealed\\":\\"([0-9a-f]{8})\.') end)
$$;

-- The same of a webhook's run, which is put together in here of columns that are sealed each by itself: a key
-- other than this one, if there is one.
create or replace function webhook_sealed_by(_run text, _key_id text) returns text
language sql immutable parallel safe as $$
    select coalesce(
        nullif(substring(_run from '"error" ?: ?\{"\$sealed":"([0-9a-f]{8})\.'), _key_id),
        substring(_run from '"kwargs" ?: ?\{"\$sealed":"([0-9a-f]{8})\.'))
$$;

-- Whether a value says nothing, so that it may lie readable in a sealed house.
create or replace function says_nothing(_text text) returns boolean
language sql immutable parallel safe as $$
    select _text in ('{}', '[]', 'null')
$$;

-- The channels whose values lie in a checkpoint itself: null says nothing, and `true` with a value beside it is
-- the mark of a DeltaChannel.
create or replace function values_inside(_checkpoint checkpoints) returns text[]
language sql stable as $$
    select array_agg(v.key) from jsonb_each(_checkpoint.checkpoint -> 'channel_values') as v
    where v.value <> 'null' and not (v.value = 'true' and exists (
        select from checkpoint_blobs b where b.thread_id = _checkpoint.thread_id
        and b.checkpoint_ns = _checkpoint.checkpoint_ns and b.channel = v.key
        and b.version = _checkpoint.checkpoint -> 'channel_versions' ->> v.key))
$$;
