-- Admits due runs and replaces dead tickets.
select reticket(%(patience)s)
