-- Records how a started effect ended; a settled one stays as it is. `held` is 0 when the fence is broken.
with fence as materialized (
    select 1 from run where run_id = %(run_id)s and epoch = %(epoch)s and state = 'running' for share
), settled as (
    update effect set state = %(state)s, result = %(result)s, settled_at = clock_timestamp()
    from fence where effect_key = %(key)s and effect.state = 'reserved'
)
select count(*) as held from fence
