-- Starts an effect of unknown outcome once more.
with fence as materialized (
    select 1 from run where run_id = %(run_id)s and epoch = %(epoch)s and state = 'running' for share
)
update effect set attempts = attempts + 1, reserved_at = clock_timestamp(), run_id = %(run_id)s
from fence where effect_key = %(key)s and effect.state = 'reserved' returning effect_key
