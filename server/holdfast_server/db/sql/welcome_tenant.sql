-- Takes a tenant in, with a default assistant for every graph; nothing when it is known.
with welcomed as (
    insert into tenant (tenant) values (%(tenant)s) on conflict do nothing returning tenant
)
insert into assistant (tenant, assistant_id, graph_id, name, description, metadata)
select tenant, assistant_id, graph_id, graph_id, description, '{"created_by": "system"}'
from welcomed cross join graph where error is null
on conflict (assistant_id, tenant) do nothing
