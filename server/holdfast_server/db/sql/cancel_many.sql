-- Cancels many runs.
select cancel_many(%(tenant)s, %(thread_id)s, %(run_ids)s::uuid[], %(states)s::text[], %(action)s,
    %(visible)s::jsonb[]) as stopped
