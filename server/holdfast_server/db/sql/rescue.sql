-- Puts abandoned runs back in front of the workers, admits due ones and replaces dead tickets.
select rescued, verdict from rescue(%(max_attempts)s, %(silence)s, %(cancel_grace)s)
union all
select null, 'moved ' || moved from reticket(%(patience)s) as moved where moved > 0
