-- Notes that no row is sealed with any other key than this one any more.
update sealing_key set retired_at = clock_timestamp()
where retired_at is null and key_id is distinct from %(key_id)s returning key_id
