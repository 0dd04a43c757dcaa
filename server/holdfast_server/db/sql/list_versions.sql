-- The versions of an assistant, newest first.
select v.*, count(*) over () as total from assistant_version v
where tenant = %(tenant)s and assistant_id = %(assistant_id)s and metadata @> %(metadata)s::jsonb
order by version desc limit %(limit)s offset %(offset)s
