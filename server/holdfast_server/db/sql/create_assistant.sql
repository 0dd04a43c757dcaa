-- Creates an assistant; no row when the id is taken.
insert into assistant (tenant, assistant_id, graph_id, name, description, config, context, metadata)
values (%(tenant)s, %(assistant_id)s, %(graph_id)s, %(name)s, %(description)s, %(config)s::jsonb,
    %(context)s::jsonb, %(metadata)s::jsonb)
on conflict (assistant_id, tenant) do nothing returning *
