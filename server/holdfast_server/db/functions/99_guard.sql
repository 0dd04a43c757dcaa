-- Lets the application's two roles do their work and no more. Neither owns anything.
-- holdfast_app works for one tenant and sees nothing else, whatever a statement forgets to ask for.
-- holdfast_system keeps house for all tenants: claims, rescues, sweeps. Once it acts for one, it sees that one.
create or replace function guard() returns void
language plpgsql as $$
declare
    house text := current_schema();
    owned regclass;
    shared text;
begin
    execute format('grant usage on schema %I to holdfast_app, holdfast_system', house);
    execute format('grant all on all tables in schema %I to holdfast_system', house);
    execute format('grant usage on all sequences in schema %I to holdfast_app, holdfast_system', house);
    for owned in
        select c.oid from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant'
        where c.relkind = 'r' and c.relnamespace = house::regnamespace and not a.attisdropped
    loop
        execute format('grant select, insert, update, delete on %s to holdfast_app', owned);
        execute format('alter table %s enable row level security', owned);
        execute format('drop policy if exists of_tenant on %s', owned);
        execute format('create policy of_tenant on %s to holdfast_app using (tenant = current_tenant())', owned);
        execute format('drop policy if exists of_house on %s', owned);
        execute format('create policy of_house on %s to holdfast_system '
            'using (current_tenant() is null or tenant = current_tenant())', owned);
    end loop;
    -- Rates are counted before a tenant is known.
    grant select, insert, update on rate_bucket to holdfast_app;
    -- Keys are looked up by `find_key` and made by whoever owns the database.
    revoke all on api_key from holdfast_app, holdfast_system;
    foreach shared in array array['graph', 'thread_lifetime', 'worker', 'migration'] loop
        execute format('grant select on %I to holdfast_app', shared);
    end loop;
end $$;
revoke execute on function guard() from public;
grant execute on function make_vectors(int) to holdfast_system;
select guard();
