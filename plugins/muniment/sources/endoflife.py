"""endoflife.date: when releases of operating systems and products stop being supported.

Three forms of the same: version 1 of its API, the older lists by product, and the records of its
repository (for mirrors). What ends is a date or only a yes or no; both are kept as they come.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from pydantic import Field

from muniment import snapshots
from muniment.collecting import Ask
from muniment.collection import canonical
from muniment.errors import SourceError
from muniment.sources.spec import Options, Shape, SourceSpec
from muniment.vendors.unread import UNREAD

INVENTORY = "assets.inventory"
#: the operating systems of most estates; the organisation names its own
PRODUCTS = ("ubuntu", "debian", "rhel", "amazon-linux", "windows", "windows-server", "macos")
PATH = "/api/v1/products/{product}"


class EndOfLifeOptions(Options):
    """products: as endoflife.date names them. path: of one product; `/api/{product}.json` asks the
    older interface."""

    products: list[str] = Field(default=list(PRODUCTS), min_length=1)
    path: str = Field(default=PATH, pattern=r"^/.*\{product\}")


SPEC = SourceSpec(
    kind="endoflife",
    title="endoflife.date: ends of support",
    mode="state",
    needs="connection",
    shapes=(
        Shape("product", "document", "release", ("/result/releases/*",), rest="product",
              native_id=("/name",), marks=(("/result/releases", ".*"),)),
        Shape("record", "document", "release", ("/releases/*",), rest="product",
              native_id=("/releaseCycle",), marks=(("/releases", ".*"),)),
        Shape("cycles", "array", "release", native_id=("/cycle",)),
        UNREAD,
    ),
    feeds={"release": (INVENTORY,), "product": (), "unread": ()},
    options=EndOfLifeOptions,
    basis=("snapshot_count", "not_provable"),
    permissions=("None: the list is public. The connection (`https://endoflife.date`) holds no "
                 "token.",),
    limits=("One request a product and day.",),
    blind_spots=(
        "The list is kept by volunteers: it is no statement of the vendor's, whose page it links.",
        "A product that is not asked for, or a version whose release it does not list, stays "
        "unknown.",
        "Paid extensions of support are listed (`eoes`) and never taken for granted.",
    ),
)  # fmt: skip


def collect(ask: Ask) -> None:
    """Reads the releases of every product. Raises SourceError."""
    assert isinstance(ask.options, EndOfLifeOptions)  # validated against SPEC.options
    ask.set_tenant(ask.client.origin().host)
    found: set[bytes] = set()
    missing = []
    for product in dict.fromkeys(ask.options.products):
        releases = _read(ask, ask.options.path, product)
        if releases is None:
            missing.append(product)
        else:
            found.update(canonical(release) for release in releases)
    asked = len(dict.fromkeys(ask.options.products))
    said = f"{len(found)} releases of {asked - len(missing)} products listed."
    holes = {}
    if missing:
        holes[INVENTORY] = f"The list does not give {', '.join(missing)} (HTTP 403 or 404)."
        ask.warn(f"{holes[INVENTORY]} Correct options.products.")
    snapshots.prove(
        ask, {INVENTORY: len(found)}, said, never_empty=frozenset({INVENTORY}), holes=holes
    )


def _read(ask: Ask, path: str, product: str) -> list[Any] | None:
    """Keeps one product; the releases that it lists, None where it is refused."""
    context = {"product": product}
    address = path.replace("{product}", quote(product, safe=""))
    response = ask.client.get(address, path, ok=(200, 403, 404))
    if response.status != 200:
        ask.keep_response(response, UNREAD.name, context=context)
        return None
    shape, items = _form(response.json())
    if shape is None:
        raise SourceError(f"GET {path}: expected the releases of a product, found another shape.")
    ask.keep_response(response, shape, context=context)
    return items


def _form(document: Any) -> tuple[str | None, list[Any]]:
    """Which of the three forms it is, and its releases."""
    if isinstance(document, list):
        is_list = all(isinstance(item, dict) and "cycle" in item for item in document)
        return ("cycles", document) if is_list else (None, [])
    if not isinstance(document, dict):
        return None, []
    result = document.get("result")
    if isinstance(result, dict) and isinstance(result.get("releases"), list):
        return "product", result["releases"]
    if isinstance(document.get("releases"), list):
        return "record", document["releases"]
    return None, []
