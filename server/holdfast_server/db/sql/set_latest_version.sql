-- Makes an assistant what it was at a version; no row when it has no such version.
update assistant a set version = v.version, graph_id = v.graph_id, name = v.name,
    description = v.description, config = v.config, context = v.context, metadata = v.metadata,
    updated_at = clock_timestamp()
from assistant_version v
where a.tenant = %(tenant)s and a.assistant_id = %(assistant_id)s
    and v.assistant_id = a.assistant_id and v.version = %(version)s
returning a.*
