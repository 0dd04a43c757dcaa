-- Keeps what an assistant is now as the version it carries.
create or replace function keep_version() returns trigger
language plpgsql as $$
begin
    insert into assistant_version (tenant, assistant_id, version, graph_id, name, description, config, context,
        metadata)
    values (new.tenant, new.assistant_id, new.version, new.graph_id, new.name, new.description, new.config,
        new.context, new.metadata)
    on conflict do nothing;
    return null;
end $$;

create or replace trigger keep_version after insert or update on assistant
for each row execute function keep_version();
