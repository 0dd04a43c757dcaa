-- How many runs wait, run and wait for a person.
select count(*) filter (where state in ('scheduled', 'blocked', 'ready')) as pending,
    count(*) filter (where state = 'running') as running,
    (select count(*) from thread where status = 'interrupted' and not temporary) as interrupted_threads
from run where state in ('scheduled', 'blocked', 'ready', 'running')
