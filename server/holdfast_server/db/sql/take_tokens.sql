-- Takes tokens of a rate limit's bucket; none are granted while it is empty.
select granted, remaining, wait from take_tokens(%(name)s, %(size)s, %(seconds)s, %(wanted)s)
