-- What is live is counted every few seconds, also after millions of runs have ended.
create index run_live on run (state) where state in ('scheduled', 'blocked', 'ready', 'running');
create index thread_interrupted on thread (tenant) where status = 'interrupted' and not temporary;
