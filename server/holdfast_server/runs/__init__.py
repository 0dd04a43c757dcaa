"""The life of a run: admitted, carried, executed, ended."""
