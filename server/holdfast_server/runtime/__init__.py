"""The wiring: which parts make an API process, and which a worker process."""
