-- Takes one firing of a cron; no row when it has happened already.
insert into cron_firing (cron_id, fire_time) values (%(cron_id)s, %(fire_time)s)
on conflict do nothing returning cron_id
