-- The next rows of a table with something that is not sealed as it should be; those in use are left for later.
select {keys}, {shown} from {table}
where {after} and ({stale}) order by {keys} limit {at_once} for no key update skip locked
