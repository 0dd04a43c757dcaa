-- The published graphs.
select graph_id, error from graph order by graph_id
