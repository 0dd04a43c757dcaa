-- Whether the session of a worker still holds its lock; it ends within milliseconds of the process.
-- 1213157444 is "HOLD" in ASCII, the class of these locks.
create or replace function is_locked(_lock_key int) returns boolean
language sql as $$
    select exists (select from pg_locks where locktype = 'advisory' and granted
        and classid = 1213157444 and objid = _lock_key
        and database = (select oid from pg_database where datname = current_database()))
$$;
