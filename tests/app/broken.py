"""Does not load, which is what it is for."""

import nothing_of_that_name  # noqa: F401
