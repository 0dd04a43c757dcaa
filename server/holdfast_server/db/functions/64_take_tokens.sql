-- Takes up to so many tokens of a bucket, which holds `size` of them and fills itself in `seconds`.
-- `wait`: seconds until there is one again, when none was left.
create or replace function take_tokens(
    _name text, _size integer, _seconds integer, _wanted integer,
    out granted integer, out remaining double precision, out wait double precision
) language plpgsql as $$
declare
    pace constant double precision := _size::double precision / _seconds;
    known rate_bucket;
    moment timestamptz;
begin
    insert into rate_bucket (name, tokens, filled_at) values (_name, _size, clock_timestamp())
    on conflict (name) do nothing;
    select * into strict known from rate_bucket where name = _name for update;
    moment := greatest(clock_timestamp(), known.filled_at);
    remaining := least(_size, known.tokens + pace * extract(epoch from moment - known.filled_at));
    granted := least(_wanted, floor(remaining));
    remaining := remaining - granted;
    wait := case when granted > 0 then 0 else (1 - remaining) / pace end;
    update rate_bucket set tokens = remaining, filled_at = moment where name = _name;
end $$;
