-- The key with this hash, dead or alive; notes its use, at most once a minute.
-- As its owner, because whose rows the caller may see is only known when the key is found.
create or replace function find_key(_hash bytea) returns setof api_key
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    found api_key;
begin
    select * into found from api_key where hash = _hash;
    if found.key_id is null then
        return;
    end if;
    if found.revoked_at is null and (found.expires_at is null or found.expires_at > clock_timestamp())
        and (found.last_used_at is null or found.last_used_at < clock_timestamp() - interval '1 minute') then
        -- Who finds the row taken leaves the note to the other: no request waits for it.
        update api_key set last_used_at = clock_timestamp()
        where key_id = (select key_id from api_key where key_id = found.key_id for no key update skip locked);
    end if;
    return next found;
end $$;
