-- Puts abandoned runs back in front of the workers.
select * from rescue(%(max_attempts)s, %(silence)s, %(cancel_grace)s)
