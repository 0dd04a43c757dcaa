-- Puts a question to the workers of a graph.
with put as (
    insert into ask (ask_id, graph_id, verb, question)
    values (%(ask_id)s, %(graph_id)s, %(verb)s, %(question)s::json) returning ask_id
)
select pg_notify('holdfast_ask', ask_id::text) from put
