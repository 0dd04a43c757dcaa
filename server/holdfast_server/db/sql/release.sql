-- Gives a running run back with a fresh ticket; the attempt does not count, its worker only went down.
update run set state = 'ready', epoch = epoch + 1, attempts = attempts - 1, lease_until = null,
    ticket = wake(run_id, graph_id), ticket_at = clock_timestamp(), updated_at = clock_timestamp()
where run_id = %(run_id)s and epoch = %(epoch)s and state = 'running'
returning run_id
