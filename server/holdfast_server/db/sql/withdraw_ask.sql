-- Takes back a question that nobody has taken: what was answered with an error must not happen later.
delete from ask where ask_id = %(ask_id)s and taken_by is null returning ask_id
