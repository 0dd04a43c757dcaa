-- Changes a cron; metadata is merged. A schedule that stays as it was keeps its next date.
update cron set schedule = %(schedule)s, timezone = %(timezone)s, end_time = %(end_time)s,
    enabled = %(enabled)s, on_run_completed = %(on_run_completed)s, payload = %(payload)s::json,
    metadata = metadata || %(metadata)s::jsonb, next_run_date = %(next_run_date)s,
    configurable = coalesce(%(configurable)s::json, configurable),
    principal = coalesce(%(principal)s::jsonb, principal),
    visible = case when %(has_new_maker)s then %(visible)s::jsonb[] else visible end,
    updated_at = clock_timestamp()
where cron_id = %(cron_id)s returning *
