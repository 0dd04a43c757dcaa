"""PostgreSQL: the pool, the statements, the migrations, and the embedded server."""
