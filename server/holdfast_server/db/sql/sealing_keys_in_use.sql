-- The keys under which rows may be sealed.
select key_id from sealing_key where retired_at is null order by first_used_at
