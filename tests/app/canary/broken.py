"""Does not load, and says why with a key in it."""

import os

raise ValueError(f"cannot connect with {os.environ['KEY_OF_ENV']}")
