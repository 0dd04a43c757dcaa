-- How many crons match.
select count(*) as n from cron where tenant = %(tenant)s and metadata @> %(metadata)s::jsonb
    and (%(visible)s::jsonb[] is null or metadata @> any(%(visible)s::jsonb[]))
    and (%(assistant_id)s::uuid is null or assistant_id = %(assistant_id)s)
    and (%(thread_id)s::uuid is null or thread_id = %(thread_id)s)
    and (%(enabled)s::boolean is null or enabled = %(enabled)s)
