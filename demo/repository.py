"""The repository that this demo is part of."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
