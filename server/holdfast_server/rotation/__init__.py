"""Rotation: every row that may be sealed, brought under the newest key or made readable again."""
