-- Puts a question to the workers of a graph, if it is known and not broken; no row when it is unknown.
with known as (
    select graph_id, error from graph where graph_id = %(graph_id)s
), put as (
    insert into ask (tenant, ask_id, graph_id, verb, question)
    select %(tenant)s, %(ask_id)s, graph_id, %(verb)s, %(question)s::json from known where error is null
    returning ask_id
)
select error, (select pg_notify('holdfast_ask', ask_id::text) from put) from known
