-- Writes an answer and tells the asker.
with answered as (
    update ask set answer = %(answer)s, error = %(error)s::json, answered_at = clock_timestamp()
    where ask_id = %(ask_id)s returning ask_id
)
select pg_notify('holdfast_answer', ask_id::text) from answered
