-- A new key; without a lifetime it does not expire.
insert into api_key (key_id, tenant, name, user_id, prefix, hash, roles, rate_limit, expires_at)
values (%(key_id)s, %(tenant)s, %(name)s, %(user_id)s, %(prefix)s, %(hash)s, %(roles)s, %(rate_limit)s,
    clock_timestamp() + %(lifetime)s::interval)
returning *
