-- What a worker published about a graph.
select graph_id, schemas, drawing, subgraphs, error from graph
where tenant = %(tenant)s and graph_id = %(graph_id)s
