-- Crons by assistant, thread, state and metadata, sorted; `total` counts all that match.
select c.*, count(*) over () as total from cron c cross join lateral (select
    case %(sort_by)s when 'updated_at' then updated_at when 'created_at' then created_at
        when 'next_run_date' then next_run_date when 'end_time' then end_time end as moment,
    case %(sort_by)s when 'cron_id' then cron_id when 'assistant_id' then assistant_id
        when 'thread_id' then thread_id end as word) as key
where tenant = %(tenant)s and metadata @> %(metadata)s::jsonb
    and (%(visible)s::jsonb[] is null or metadata @> any(%(visible)s::jsonb[]))
    and (%(assistant_id)s::uuid is null or assistant_id = %(assistant_id)s)
    and (%(thread_id)s::uuid is null or thread_id = %(thread_id)s)
    and (%(enabled)s::boolean is null or enabled = %(enabled)s)
order by case when %(sort_order)s = 'asc' then key.moment end asc nulls last,
    case when %(sort_order)s = 'asc' then key.word end asc nulls last,
    case when %(sort_order)s = 'desc' then key.moment end desc nulls last,
    case when %(sort_order)s = 'desc' then key.word end desc nulls last, cron_id
limit %(limit)s offset %(offset)s
