-- Asks a worker to show a thread's newest state on its row: who stopped its run could not read it.
create or replace function show_state(_thread_id uuid, _graph_id text) returns void
language sql as $$
    insert into ask (ask_id, graph_id, verb, question)
    values (gen_random_uuid(), _graph_id, 'show', json_build_object('thread_id', _thread_id));
    select pg_notify('holdfast_ask', '');
$$;
