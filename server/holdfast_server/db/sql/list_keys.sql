-- All keys, of one tenant or of all, and the state of each.
select k.key_id, k.tenant, k.name, k.user_id, k.prefix, k.roles, k.rate_limit, k.created_at, k.expires_at,
    k.revoked_at, k.last_used_at, s.prefix as replaced_by,
    case when k.revoked_at is not null then 'revoked' when k.expires_at <= clock_timestamp() then 'expired'
        when k.replaced_by is not null then 'replaced' else 'live' end as state
from api_key k left join api_key s on s.key_id = k.replaced_by
where %(tenant)s::text is null or k.tenant = %(tenant)s
order by k.created_at, k.key_id
