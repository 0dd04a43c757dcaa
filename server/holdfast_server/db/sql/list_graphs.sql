-- The published graphs.
select graph_id, error from graph where tenant = %(tenant)s order by graph_id
