-- A new key with the rights of a living one that nobody has replaced yet, and as long a life unless said.
-- The old one lives on for the overlap; no row when it is dead or was replaced meanwhile.
with old as (
    update api_key set replaced_by = %(key_id)s,
        revoked_at = case when %(overlap)s::interval = interval '0' then clock_timestamp() end,
        expires_at = least(expires_at, clock_timestamp() + %(overlap)s::interval)
    where key_id = %(replaced)s and replaced_by is null and revoked_at is null
        and (expires_at is null or expires_at > clock_timestamp())
    -- `returning` sees the new expiry; the lifetime is that of before.
    returning tenant, name, user_id, roles, rate_limit, expires_at as dies_at,
        (select o.expires_at - o.created_at from api_key o where o.key_id = %(replaced)s) as lifetime),
new as (
    insert into api_key (key_id, tenant, name, user_id, prefix, hash, roles, rate_limit, expires_at)
    select %(key_id)s, tenant, name, user_id, %(prefix)s, %(hash)s, roles, rate_limit,
        clock_timestamp() + coalesce(%(lifetime)s::interval, lifetime)
    from old
    returning *)
select new.*, old.dies_at from new, old
