-- Deletes the oldest stream events of threads that have more than their share; looks at threads with new ones only.
with newest as (
    select coalesce(max(event_id), 0) as newest from event
), oldest as (
    select busy.thread_id, last.event_id
    from (select distinct thread_id from event where event_id > %(after)s) busy
    cross join lateral (
        select event_id from event where thread_id = busy.thread_id order by event_id desc offset %(limit)s limit 1
    ) last
), gone as (
    delete from event where event_id in (
        select e.event_id from oldest o join event e on e.thread_id = o.thread_id and e.event_id <= o.event_id
        limit 50000)
    returning 1
)
select newest, (select count(*) from gone) >= 50000 as more from newest
