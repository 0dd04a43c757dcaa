-- Writes how an attempt went, unless a newer attempt has begun.
update webhook set state = %(state)s, failures = %(failures)s, status_code = %(status_code)s,
    error = %(error)s, due_at = clock_timestamp() + %(pause)s,
    sent_at = case when %(state)s = 'delivered' then clock_timestamp() end
where webhook_id = %(webhook_id)s and attempts = %(attempts)s and state = 'pending'
