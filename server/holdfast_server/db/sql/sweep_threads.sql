-- Sweeps expired threads, at most so many at once.
select sweep_threads(%(limit)s) as swept
