-- Starts an effect in the name of one attempt at a run, or tells who started it before.
-- No row: the fence is broken. `fresh` is true when this call, or an earlier sending of it, started it.
with fence as materialized (
    select tenant, thread_id from run
    where run_id = %(run_id)s and epoch = %(epoch)s and state = 'running' for share
), started as (
    insert into effect (tenant, effect_key, run_id, thread_id, task_id, call_id, tool, kind, args_hash,
        nonce)
    select f.tenant, %(key)s, %(run_id)s, f.thread_id, %(task_id)s, %(call_id)s, %(tool)s, %(kind)s,
        %(args_hash)s, %(nonce)s from fence f
    on conflict (effect_key, tenant) do nothing
    returning effect_key
)
select exists (select from started) or coalesce(e.nonce = %(nonce)s, false) as fresh, e.state, e.result, e.attempts, e.reserved_at
from fence left join effect e on e.effect_key = %(key)s
