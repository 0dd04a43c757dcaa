-- Buckets of rate limits, shared by all API processes. Losing them in a crash costs nobody anything.
create unlogged table rate_bucket (
    name text primary key,
    tokens double precision not null check (tokens >= 0),
    filled_at timestamptz not null
);

create index rate_bucket_age on rate_bucket (filled_at);
