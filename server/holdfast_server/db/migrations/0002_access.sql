-- What a caller may see of threads and assistants is part of every statement that finds them.
drop function if exists admit(
    text, uuid, uuid, uuid, text, text, json, jsonb, float, boolean, boolean, jsonb);
