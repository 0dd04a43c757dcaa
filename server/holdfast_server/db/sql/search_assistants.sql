-- Assistants by metadata, graph and name, sorted; `total` counts all that match.
select a.*, count(*) over () as total from assistant a cross join lateral (select
    case %(sort_by)s when 'updated_at' then updated_at when 'created_at' then created_at end as moment,
    case %(sort_by)s when 'assistant_id' then assistant_id::text when 'name' then name
        when 'graph_id' then graph_id end as word) as key
where tenant = %(tenant)s and metadata @> %(metadata)s::jsonb
    and (%(visible)s::jsonb[] is null or metadata @> any(%(visible)s::jsonb[]))
    and (%(graph_id)s::text is null or graph_id = %(graph_id)s)
    and (%(name)s::text is null or position(lower(%(name)s) in lower(name)) > 0)
order by case when %(sort_order)s = 'asc' then key.moment end asc nulls last,
    case when %(sort_order)s = 'asc' then key.word end asc nulls last,
    case when %(sort_order)s = 'desc' then key.moment end desc nulls last,
    case when %(sort_order)s = 'desc' then key.word end desc nulls last, assistant_id
limit %(limit)s offset %(offset)s
