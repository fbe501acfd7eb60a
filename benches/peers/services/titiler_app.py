"""The smallest application around the routes that titiler.xarray brings; it ships none of its own."""

from fastapi import FastAPI
from titiler.xarray.extensions import VariablesExtension
from titiler.xarray.factory import TilerFactory

app = FastAPI()
app.include_router(TilerFactory(extensions=[VariablesExtension()]).router)


@app.get("/healthz")
def healthz() -> dict[str, str]:
    """Tells that it has started."""
    return {"is": "up"}
