-- Takes an answer and removes the question.
delete from ask where ask_id = %(ask_id)s and answered_at is not null returning answer, error
