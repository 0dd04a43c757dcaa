-- Deletes an assistant.
delete from assistant where tenant = %(tenant)s and assistant_id = %(assistant_id)s returning assistant_id
