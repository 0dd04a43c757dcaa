"""Access: who calls, and what of the house they may see."""
