-- The assistants a caller may see whose graphs load, oldest first: the order decides who has a name first.
select a.assistant_id, a.graph_id, a.name, coalesce(a.description, g.description) as description
from assistant a join graph g on g.graph_id = a.graph_id
where a.tenant = %(tenant)s and g.error is null and a.metadata @> %(metadata)s::jsonb
    and (%(visible)s::jsonb[] is null or a.metadata @> any(%(visible)s::jsonb[]))
order by a.created_at, a.assistant_id
