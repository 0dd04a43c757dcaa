-- Makes the vectors of long-term memory as LangGraph's store lays them out, without its approximate index: that
-- one is not used under filters, and an exact search loses nothing. By the owner's right: workers make no tables.
create or replace function make_vectors(_dims int) returns void
language plpgsql security definer set search_path = holdfast, public, pg_temp as $$
begin
    create extension if not exists vector;
    execute format($ddl$
        create table if not exists store_vectors (
            prefix text not null,
            key text not null,
            field_name text not null,
            embedding vector(%s),
            created_at timestamptz default current_timestamp,
            updated_at timestamptz default current_timestamp,
            tenant text generated always as (tenant_of_prefix(prefix)) stored,
            primary key (prefix, key, field_name),
            foreign key (prefix, key) references store (prefix, key) on delete cascade
        )$ddl$, _dims);
    create or replace trigger forget_vectors after update of value on store
    for each row execute function forget_vectors();
    perform guard();
end $$;
revoke execute on function make_vectors(int) from public;

-- A changed value loses its old vectors.
create or replace function forget_vectors() returns trigger
language plpgsql as $$
begin
    delete from store_vectors where prefix = new.prefix and key = new.key;
    return new;
end $$;
