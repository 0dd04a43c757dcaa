-- The queue of a graph; hashed, because procrastinate puts it into a channel name of at most 63 bytes.
create or replace function queue_of(_graph_id text) returns text
language sql immutable as $$
    select 'g' || left(md5(_graph_id), 16)
$$;
