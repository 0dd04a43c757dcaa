-- Notes that a process writes with this key from now on.
insert into sealing_key (key_id) values (%(key_id)s)
on conflict (key_id) do update set retired_at = null where sealing_key.retired_at is not null
