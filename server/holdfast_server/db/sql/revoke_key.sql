-- Ends a key at once and answers the keys that it replaced and that still live.
with ended as (
    update api_key set revoked_at = coalesce(revoked_at, clock_timestamp()) where key_id = %(key_id)s)
select prefix, expires_at from api_key
where replaced_by = %(key_id)s and revoked_at is null and expires_at > clock_timestamp()
