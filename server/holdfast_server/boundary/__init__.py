"""The boundary between the house and user code: what a worker process is given, and what it may take."""
