-- How many threads match.
select count(*) as n from thread where tenant = %(tenant)s and not temporary
    and (%(visible)s::jsonb[] is null or metadata @> any(%(visible)s::jsonb[]))
    and metadata @> %(metadata)s::jsonb and (%(status)s::text is null or status = %(status)s)
    and (%(ids)s::uuid[] is null or thread_id = any(%(ids)s))
    and case when %(values)s::text is null then true
        when position('\u0000' in "values"::text) > 0 then false
        else "values"::jsonb @> %(values)s::jsonb end
