-- Publishes a graph (or why it does not load) and makes sure that each tenant has its default assistant.
with published as (
    insert into graph (graph_id, assistant_id, description, schemas, drawing, subgraphs, error)
    values (%(graph_id)s, %(assistant_id)s, %(description)s, %(schemas)s::json, %(drawing)s::json,
        %(subgraphs)s::json, %(error)s)
    on conflict (graph_id) do update set assistant_id = excluded.assistant_id,
        description = excluded.description,
        schemas = excluded.schemas, drawing = excluded.drawing,
        subgraphs = excluded.subgraphs, error = excluded.error,
        published_at = clock_timestamp()
    returning graph_id, error
)
insert into assistant (tenant, assistant_id, graph_id, name, description, metadata)
select tenant, %(assistant_id)s, graph_id, graph_id, %(description)s, '{"created_by": "system"}'
from published cross join tenant where error is null
on conflict (assistant_id, tenant) do nothing
