"""Loops with one tick: worker, heartbeat, rescuer, pruner; and the desk that answers for graphs."""
