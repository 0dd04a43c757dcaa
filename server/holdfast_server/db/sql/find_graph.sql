-- What a worker published about a graph.
select graph_id, schemas, drawing, subgraphs, error from graph
where graph_id = %(graph_id)s
