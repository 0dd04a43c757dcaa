-- Admits one run: thread, lane, run row and ticket in one transaction.
select outcome, (admitted).*
from admit(%(tenant)s, %(run_id)s, %(thread_id)s, %(assistant_id)s, %(graph_id)s, %(strategy)s,
    %(kwargs)s::json, %(metadata)s::jsonb, %(after_seconds)s, %(create_thread)s, %(temporary)s,
    %(thread_metadata)s::jsonb, %(assistant_metadata)s::jsonb, %(visible)s::jsonb[],
    %(webhook)s::text, %(principal)s::jsonb)
