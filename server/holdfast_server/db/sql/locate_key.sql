-- The key with this prefix or id.
select key_id, tenant, name, prefix, expires_at, revoked_at, replaced_by,
    coalesce(expires_at <= clock_timestamp(), false) as expired
from api_key where prefix = %(named)s or key_id::text = %(named)s
