-- How many events of a thread are kept after a position.
select count(*) as n from event where thread_id = %(thread_id)s and event_id > %(after)s
