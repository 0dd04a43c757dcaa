-- Takes the oldest open question that any worker can answer, whose asker still waits.
update ask set taken_by = %(worker_id)s, taken_at = clock_timestamp()
where ask_id = (
    select ask_id from ask where taken_by is null and graph_id is null
        and asked_at > clock_timestamp() - interval '20 seconds'
    order by asked_at for update skip locked limit 1)
returning tenant, ask_id, graph_id, verb, question
