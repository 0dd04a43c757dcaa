-- The vectors of long-term memory as LangGraph's store lays them out, without its approximate index: that
-- one is not used under filters, and an exact search loses nothing. A changed value loses its old vectors.
create table if not exists store_vectors (
    prefix text not null,
    key text not null,
    field_name text not null,
    embedding vector({dims}),
    created_at timestamptz default current_timestamp,
    updated_at timestamptz default current_timestamp,
    primary key (prefix, key, field_name),
    foreign key (prefix, key) references store (prefix, key) on delete cascade
);
create or replace function forget_vectors() returns trigger
language plpgsql as $$
begin
    delete from store_vectors where prefix = new.prefix and key = new.key;
    return new;
end $$;
create or replace trigger forget_vectors after update of value on store
for each row execute function forget_vectors();
