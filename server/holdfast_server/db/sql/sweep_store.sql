-- Deletes expired items of long-term memory, at most so many at once.
with expired as (
    select prefix, key from store where expires_at < clock_timestamp()
    order by expires_at limit %(limit)s for update skip locked
), gone as (
    delete from store using expired where store.prefix = expired.prefix and store.key = expired.key returning 1
)
select count(*)::int as swept from gone
