-- Sealing: by which keys rows of this database are sealed, so that a process without them does not start.
create table sealing_key (
    key_id text primary key,
    first_used_at timestamptz not null default clock_timestamp(),
    -- When `holdfast sealing rotate` found no row under it any more.
    retired_at timestamptz
);
