-- Makes sure that vectors of so many dimensions can be stored.
select make_vectors(%(dims)s)
