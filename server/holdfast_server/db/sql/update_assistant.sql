-- Changes an assistant: metadata is merged, the rest replaced where given; every change is a new version.
update assistant set graph_id = coalesce(%(graph_id)s, graph_id), name = coalesce(%(name)s, name),
    description = coalesce(%(description)s, description),
    config = coalesce(%(config)s::jsonb, config), context = coalesce(%(context)s::jsonb, context),
    metadata = metadata || coalesce(%(metadata)s::jsonb, '{}'),
    version = newest_version + 1, newest_version = newest_version + 1, updated_at = clock_timestamp()
where tenant = %(tenant)s and assistant_id = %(assistant_id)s returning *
