-- Takes workers that have been silent for an hour off the list.
delete from worker where beat_at < clock_timestamp() - interval '1 hour'
