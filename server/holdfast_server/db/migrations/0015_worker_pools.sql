-- Worker pools: which of them a worker belongs to.

alter table worker add column pool text not null default 'default';
