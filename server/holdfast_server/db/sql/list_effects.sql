-- The effects of a thread's tool calls, in order.
select tool, kind, state, attempts, call_id, run_id, reserved_at, settled_at
from effect where tenant = %(tenant)s and thread_id = %(thread_id)s order by reserved_at
