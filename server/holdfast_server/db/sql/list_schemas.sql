-- What workers published about several graphs.
select graph_id, schemas from graph where graph_id = any(%(graph_ids)s)
