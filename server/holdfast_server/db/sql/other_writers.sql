-- How many processes write with another key than this one, or with none, as their connections say.
select coalesce(substring(application_name from ' ([0-9a-f]{8})$'), 'none') as key_id, count(*)::int as n
from pg_stat_activity where datname = current_database() and application_name ~ '^holdfast-(api|worker)( |$)'
    and substring(application_name from ' ([0-9a-f]{8})$') is distinct from %(key_id)s::text
group by 1 order by 1
