-- Puts a question that any worker can answer.
with put as (
    insert into ask (tenant, ask_id, verb, question)
    values (%(tenant)s, %(ask_id)s, %(verb)s, %(question)s::json) returning ask_id
)
select pg_notify('holdfast_ask_any', ask_id::text) from put
