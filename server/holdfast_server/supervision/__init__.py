"""What surrounds a graph while it runs: fence, saver, effects."""
