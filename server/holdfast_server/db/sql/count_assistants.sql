-- How many assistants match.
select count(*) as n from assistant
where tenant = %(tenant)s and metadata @> %(metadata)s::jsonb
    and (%(visible)s::jsonb[] is null or metadata @> any(%(visible)s::jsonb[]))
    and (%(graph_id)s::text is null or graph_id = %(graph_id)s)
    and (%(name)s::text is null or position(lower(%(name)s) in lower(name)) > 0)
