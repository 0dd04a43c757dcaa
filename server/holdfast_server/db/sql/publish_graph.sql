-- Publishes a graph (or why it does not load) and makes sure that its default assistant exists.
with published as (
    insert into graph (graph_id, description, schemas, drawing, subgraphs, error)
    values (%(graph_id)s, %(description)s, %(schemas)s::json, %(drawing)s::json,
        %(subgraphs)s::json, %(error)s)
    on conflict (tenant, graph_id) do update set description = excluded.description,
        schemas = excluded.schemas, drawing = excluded.drawing,
        subgraphs = excluded.subgraphs, error = excluded.error,
        published_at = clock_timestamp()
    returning graph_id, error
)
insert into assistant (assistant_id, graph_id, name, description, metadata)
select %(assistant_id)s, graph_id, graph_id, %(description)s, '{"created_by": "system"}'
from published where error is null
on conflict (assistant_id) do nothing
