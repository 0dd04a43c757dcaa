"""Encryption at rest: what the database holds of users is sealed before it leaves the process."""
