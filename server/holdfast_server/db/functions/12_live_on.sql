-- Whatever uses a thread sets updated_at; its time starts anew with that, in whichever statement it happens.
create or replace function live_on() returns trigger
language plpgsql as $$
begin
    if tg_op = 'INSERT' and new.ttl_minutes is null and not new.temporary then
        select l.strategy, l.ttl_minutes into new.ttl_strategy, new.ttl_minutes from thread_lifetime l;
    end if;
    if tg_op = 'INSERT' or new.updated_at is distinct from old.updated_at
            or new.ttl_minutes is distinct from old.ttl_minutes then
        new.expires_at := clock_timestamp() + new.ttl_minutes * interval '1 minute';
    end if;
    return new;
end $$;
