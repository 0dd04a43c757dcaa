-- API keys: who may call without a person at the keyboard.

create table api_key (
    key_id uuid primary key,
    tenant text not null default current_tenant(),
    name text not null,
    user_id text,
    -- What people see of the key; the rest of it is nowhere.
    prefix text not null unique,
    -- A fast hash is right here: the key is 256 random bits and no password, so that there is nothing to guess,
    -- and it is looked up on every request.
    hash bytea not null unique check (octet_length(hash) = 32),
    roles text[] not null check (cardinality(roles) > 0),
    -- Requests a minute.
    rate_limit integer check (rate_limit > 0),
    created_at timestamptz not null default clock_timestamp(),
    expires_at timestamptz,
    revoked_at timestamptz,
    last_used_at timestamptz,
    -- The key that took over its rights; this one lives until it expires.
    replaced_by uuid references api_key
);
create index api_key_by_tenant on api_key (tenant);
create index api_key_replaced on api_key (replaced_by) where replaced_by is not null;
