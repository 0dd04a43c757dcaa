-- Tenants: whose rows a connection works on.

-- Null: no tenant is named, and a tenant's connection sees nothing.
create or replace function current_tenant() returns text
language sql stable as $$
    select nullif(current_setting('holdfast.tenant', true), '')
$$;
