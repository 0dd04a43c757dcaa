-- Writes one row anew.
update {table} set {changes} where {same}
