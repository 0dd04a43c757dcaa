"""`python -m bench`: all figures, from one run on one machine."""

from __future__ import annotations

import asyncio
import os
import tempfile
from pathlib import Path

from bench import latency, masking, reads, recovery, savers
from bench.house import served
from holdfast_server.db.embedded import embedded_postgres
from holdfast_server.db.migrate import migrate


def main() -> None:
    """Measures and prints; about two minutes."""
    with tempfile.TemporaryDirectory() as folder, embedded_postgres(Path(folder)) as url:
        asyncio.run(migrate(url))
        print(f"{os.cpu_count()} cores, embedded PostgreSQL; trust the ratios, not the times\n")
        asyncio.run(savers.compare(url))
        asyncio.run(masking.compare(url))
        with served(url, workers=1) as api:
            asyncio.run(latency.compare(url, api))
            asyncio.run(reads.compare(api))
        with served(url, workers=2) as api:
            asyncio.run(recovery.measure(api))


if __name__ == "__main__":
    main()
