-- Works for one tenant until the transaction ends.
select act_for(%(tenant)s)
