"""An application of the user's in the API process."""

import os

from fastapi import FastAPI

app = FastAPI()


@app.get("/environ")
def environ() -> dict[str, str]:
    """What it sees."""
    return dict(os.environ)
