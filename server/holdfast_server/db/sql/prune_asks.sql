-- Deletes questions whose asker has long given up.
delete from ask where asked_at < clock_timestamp() - interval '10 minutes'
