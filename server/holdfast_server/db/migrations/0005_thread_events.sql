-- Events belong to a thread: one order for all runs of it, and for what happens to it between them.
alter table event add column thread_id uuid;
update event e set thread_id = r.thread_id from run r where r.run_id = e.run_id;
delete from event where thread_id is null;
alter table event alter column thread_id set not null;
-- An edit of the state is an event of the thread and of no run.
alter table event alter column run_id drop not null;
create index event_by_thread on event (thread_id, event_id);
-- The runs of a thread follow each other, so that its index serves a run's reader too, who starts at `first_event`.
drop index event_by_run;
alter table run add column first_event bigint not null default 0;
drop function if exists append_events(uuid, text[], text[]);
