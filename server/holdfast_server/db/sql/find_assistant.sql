-- An assistant by its id, or the default assistant of a graph by the graph's name, with the graph's error.
select a.*, g.error as graph_error, g.graph_id is not null as published
from assistant a left join graph g on g.graph_id = a.graph_id
where a.tenant = %(tenant)s and a.assistant_id = %(assistant_id)s
    and (%(visible)s::jsonb[] is null or a.metadata @> any(%(visible)s::jsonb[]))
