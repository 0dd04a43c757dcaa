-- How many rows of a table hold something that is not sealed as it should be.
select count(*)::int as n from {table} where {stale}
