-- Ends a run: last events, status, thread, next run of the lane, in one transaction.
select finish(%(run_id)s, %(epoch)s, %(state)s, %(output)s::json, %(error)s::json, %(thread_status)s,
    %(values)s::json, %(interrupts)s::json, %(names)s::text[], %(data)s::text[]) as finished
