-- Takes webhooks that are due, for as long as one attempt may take; what a dead sender left comes back so.
update webhook set attempts = attempts + 1, due_at = clock_timestamp() + %(lease)s
where webhook_id in (
    select webhook_id from webhook where state = 'pending' and due_at <= statement_timestamp()
    order by due_at limit %(room)s for update skip locked)
returning webhook_id, attempts, failures, url, run, "values"
