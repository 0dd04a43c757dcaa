-- What began and ended in one run of a thread, oldest first; in its newest run when none is named.
with wanted as (
    select run_id, graph_id from run
    where thread_id = %(thread_id)s and (%(run_id)s::uuid is null or run_id = %(run_id)s::uuid)
    order by place desc limit 1
)
select w.graph_id, e.name, e.data from wanted w join event e on e.thread_id = %(thread_id)s and e.run_id = w.run_id
where split_part(e.name, '|', 1) in ('metadata', 'lifecycle', 'end') order by e.event_id
