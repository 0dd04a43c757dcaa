-- How many threads match.
select count(*) as n from thread where tenant = %(tenant)s and not temporary
    and metadata @> %(metadata)s::jsonb and (%(status)s::text is null or status = %(status)s)
