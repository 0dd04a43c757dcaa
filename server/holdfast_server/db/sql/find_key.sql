-- The key with this hash and what is wrong with it.
select key_id, tenant, name, user_id, prefix, roles, rate_limit, expires_at,
    case when revoked_at is not null then 'revoked' when expires_at <= clock_timestamp() then 'expired'
        else 'live' end as state
from find_key(%(hash)s)
