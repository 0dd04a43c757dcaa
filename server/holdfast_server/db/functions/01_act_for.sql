-- Works for one tenant until the transaction ends, for house code that found something of that tenant's to do.
-- The empty name: for all of them again.
create or replace function act_for(_tenant text) returns void
language sql as $$
    select set_config('holdfast.tenant', _tenant, true)
$$;
