-- Forgets the start of an unsettled effect: its tool paused itself and will begin from the top.
with fence as materialized (
    select 1 from run where run_id = %(run_id)s and epoch = %(epoch)s and state = 'running' for share
), gone as (
    delete from effect using fence where effect_key = %(key)s and effect.state = 'reserved'
)
select count(*) as held from fence
