-- Appends stream events of a run in order and tells the readers once.
create or replace function append_events(_run_id uuid, _names text[], _data text[]) returns void
language sql as $$
    insert into event (run_id, name, data)
    select _run_id, e.name, e.data
    from unnest(_names, _data) with ordinality as e (name, data, n) order by e.n;
    select pg_notify('holdfast_event', _run_id::text);
$$;
