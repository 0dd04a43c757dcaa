-- Forgets firings of long ago.
delete from cron_firing where fired_at < clock_timestamp() - %(ttl)s
