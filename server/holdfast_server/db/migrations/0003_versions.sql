-- Every change of an assistant is kept as a version; `latest` goes back to any of them.
create table assistant_version (
    tenant text not null,
    assistant_id uuid not null references assistant on delete cascade,
    version int not null,
    graph_id text not null,
    name text not null,
    description text,
    config jsonb not null,
    context jsonb not null,
    metadata jsonb not null,
    created_at timestamptz not null default clock_timestamp(),
    primary key (assistant_id, version)
);
-- The highest number given so far: after a step back the next change does not take a number twice.
alter table assistant add column newest_version int not null default 1;
update assistant set newest_version = version;
insert into assistant_version
select tenant, assistant_id, version, graph_id, name, description, config, context, metadata, updated_at
from assistant;

-- Sub-graphs by namespace, as workers publish them.
alter table graph add column subgraphs json;
create index assistant_by_metadata on assistant using gin (metadata jsonb_path_ops);
