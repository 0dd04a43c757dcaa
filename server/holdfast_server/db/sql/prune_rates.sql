-- Drops buckets that nobody used for so long that they are full again, whatever their limit.
delete from rate_bucket where filled_at < statement_timestamp() - interval '2 hours'
