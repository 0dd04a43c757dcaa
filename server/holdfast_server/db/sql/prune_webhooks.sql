-- Forgets webhooks that were delivered, or given up, long ago.
delete from webhook where webhook_id in (
    select webhook_id from webhook where state <> 'pending'
        and created_at < clock_timestamp() - case state when 'dead' then %(dead)s else %(delivered)s end
    limit 2000)
