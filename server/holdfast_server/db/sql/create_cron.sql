-- A new cron.
insert into cron (tenant, cron_id, assistant_id, thread_id, user_id, schedule, timezone, end_time,
    next_run_date, enabled, on_run_completed, payload, configurable, visible, metadata,
    principal)
values (%(tenant)s, %(cron_id)s, %(assistant_id)s, %(thread_id)s, %(user_id)s, %(schedule)s, %(timezone)s,
    %(end_time)s, %(next_run_date)s, %(enabled)s, %(on_run_completed)s, %(payload)s::json,
    %(configurable)s::json, %(visible)s::jsonb[], %(metadata)s::jsonb, %(principal)s::jsonb)
returning *
