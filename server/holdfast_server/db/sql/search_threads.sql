-- Threads by metadata, values, status and ids, sorted; `total` counts all that match.
select t.*, count(*) over () as total from thread t cross join lateral (select
    case %(sort_by)s when 'updated_at' then updated_at when 'created_at' then created_at
        when 'state_updated_at' then state_updated_at end as moment,
    case %(sort_by)s when 'thread_id' then thread_id::text when 'status' then status end as word) as key
where tenant = %(tenant)s and not temporary and metadata @> %(metadata)s::jsonb
    and (%(visible)s::jsonb[] is null or metadata @> any(%(visible)s::jsonb[]))
    and (%(status)s::text is null or status = %(status)s)
    and (%(ids)s::uuid[] is null or thread_id = any(%(ids)s))
    and case when %(values)s::text is null then true
        -- A NUL is legal in an agent's state, and jsonb cannot hold it.
        when position('\u0000' in "values"::text) > 0 then false
        else "values"::jsonb @> %(values)s::jsonb end
order by case when %(sort_order)s = 'asc' then key.moment end asc nulls last,
    case when %(sort_order)s = 'asc' then key.word end asc nulls last,
    case when %(sort_order)s = 'desc' then key.moment end desc nulls last,
    case when %(sort_order)s = 'desc' then key.word end desc nulls last, thread_id
limit %(limit)s offset %(offset)s
