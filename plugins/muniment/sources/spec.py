"""What a kind of source declares about itself: data that every shared part reads.

Adding a kind means one module with a `SPEC` and a `collect(ask)`; nothing else in the library
names kinds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from muniment.collecting import Ask
    from muniment.transport import Client

#: options of the sources that a credential can see; [] where another vendor's system answers
Seen = Callable[["Client"], list[dict[str, Any]]]
#: what a check says of a location that is too large to be listed whole; warns through the Ask
Look = Callable[["Ask"], str]

Form = Literal["lines", "array", "document", "csv"]
TimeForm = Literal["iso", "epoch_s", "epoch_ms", "epoch_us"]
Basis = Literal[
    "total_count",
    "cursor_exhausted",
    "hash_chain",
    "sequence",
    "snapshot_count",
    "file_manifest",
    "not_provable",
]
Grade = Literal["proven", "argued", "asserted"]

#: the grade that a basis gives an open day (design: architecture, "grade")
GRADE_OF_BASIS: dict[Basis, Grade | None] = {
    "hash_chain": "proven",
    "sequence": "proven",
    "total_count": "proven",
    "snapshot_count": "argued",
    "cursor_exhausted": "argued",
    "file_manifest": "argued",
    "not_provable": None,
}


class Options(BaseModel):
    """Base of every kind's own options; an unknown key is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    deadline_h: int = 36


@dataclass(frozen=True)
class CsvDialect:
    """How a delimited object is read; `names` where the object has no header row.

    quote '': no quoting, a line is a row. is_lenient: bytes that are not UTF-8 are shown as U+FFFD
    in Bronze (the locker keeps them) instead of making the row unreadable.
    """

    delimiter: str = ","
    quote: str = '"'
    names: tuple[str, ...] = ()
    is_lenient: bool = False


@dataclass(frozen=True)
class Shape:
    """How one kind of object is cut into records (one Bronze row and one leaf each).

    form: "lines" (one JSON value a line), "array" (one JSON array, its elements), "document"
    (one JSON document: every match of `elements`, pointer patterns with `*`, is a record of
    `stream`, what remains is one record of `rest`; without `elements` the whole is one record of
    `stream`), "csv" (rows).
    native_id: JSON pointers within a record, joined with `|`; event_time: one JSON pointer.
    time_form: what stands there: ISO 8601 text with a zone, or seconds, milli- or microseconds
    since 1970 as a number or as text. Any other text, and years beyond 1 to 9999, leave the record
    undated.
    marks: of a document with elements, pointers that must be there and the regular expression
    that their text must match (a version); without them it is another format. stated_at: of such a
    document, a pointer to when it says that its contents were found: the day for which they count.
    """

    name: str
    form: Form
    stream: str
    elements: tuple[str, ...] = ()
    rest: str | None = None
    native_id: tuple[str, ...] = ()
    event_time: str | None = None
    time_form: TimeForm = "iso"
    csv: CsvDialect | None = None
    marks: tuple[tuple[str, str], ...] = ()
    stated_at: str | None = None


#: what each stored response was asked for; kept as an object so that it can be erased
REQUESTS = Shape("requests", "lines", "request")


@dataclass(frozen=True)
class SourceSpec:
    """The contract of one kind.

    feeds: Bronze stream -> ledger streams of the control library (none for helpers of staging).
    mode: an *event* kind reports what happened in a window, a *state* kind what is on one day, a
    *register* is the company's dated statement.
    by_day: of an event kind whose records bear no time and tell of one day each (a state that was
    put down then): every day is asked for in a window of its own.
    retention_days: how far back the source still answers; None where nothing expires.
    scanner_types: for scan kinds, the types that it can hold (options may narrow them).
    read_only_posts: URL templates that are posted to because the vendor reads by POST there.
    permissions, limits, blind_spots: for the reference page. scopes: all that the kind needs, where
    the source tells which ones a credential bears. seen: asked of connections by
    `muniment init --discover`; the kinds of one vendor share it. look: of a location, what
    `muniment sources --check` looks at; its listing by default.
    """

    kind: str
    title: str
    mode: Literal["event", "state", "register"]
    needs: Literal["connection", "location"]
    shapes: tuple[Shape, ...]
    feeds: dict[str, tuple[str, ...]]
    options: type[Options] = Options
    basis: tuple[Basis, ...] = ()
    retention_days: int | None = None
    has_cursor: bool = False
    by_day: bool = False
    version: int = 1
    scanner_types: tuple[str, ...] = ()
    read_only_posts: tuple[str, ...] = ()
    permissions: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    blind_spots: tuple[str, ...] = ()
    feeds_of: Callable[[Options], tuple[str, ...]] | None = None
    seen: Seen | None = None
    look: Look | None = None

    def shape(self, name: str) -> Shape:
        """The shape of this name, the shared `requests` shape included."""
        for shape in (*self.shapes, REQUESTS):
            if shape.name == name:
                return shape
        raise KeyError(f"kind {self.kind} declares no shape '{name}'")

    def ledger_streams(self, options: Options) -> tuple[str, ...]:
        """Every ledger stream that a source of this kind feeds with these options, in order."""
        if self.feeds_of is not None:
            return self.feeds_of(options)
        return tuple(dict.fromkeys(s for streams in self.feeds.values() for s in streams))


@dataclass(frozen=True)
class Connector:
    """A kind as the library uses it."""

    spec: SourceSpec
    collect: Callable[[Ask], None]
