-- Forgets the threads of stateless runs that ended long enough ago.
select sweep_temporary(%(ttl)s, 500)
