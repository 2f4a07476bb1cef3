"""The SELECT that cuts plain objects into records, one per form of a shape.

Each gives the columns `stream, object_no, record_no, record_path, record`; `part` adds what is
taken from the record, and `enveloped` gives the Bronze columns of all parts. object_no tells the
objects of a batch apart and is 0 elsewhere. Only the objects readers are used (design: facts);
numbering happens within one object. Text comes in as literals of our own names, never from the
object's contents.
"""

from __future__ import annotations

from pathlib import Path

from muniment.database import literal
from muniment.sources.spec import CsvDialect, Shape, TimeForm

BRONZE_VERSION = 1
RECORD_LIMIT_BYTES = 64 << 20
#: brackets nested deeper than this are unreadable. DuckDB's JSON functions held at 100,000 levels
#: and failed at 5 million; only schema detection, which is not used, crashes earlier.
DEPTH_LIMIT = 10_000

#: Bronze columns and types, in order (design: architecture, "bronze")
COLUMNS: dict[str, str] = {
    "bronze_version": "INTEGER",
    "source_id": "VARCHAR",
    "stream": "VARCHAR",
    "receipt_id": "VARCHAR",
    "object_sha256": "VARCHAR",
    "record_no": "BIGINT",
    "record_path": "VARCHAR",
    "record_key": "VARCHAR",
    "native_id": "VARCHAR",
    "event_time_raw": "VARCHAR",
    "event_time": "TIMESTAMP",
    "received_at": "TIMESTAMP",
    "record": "JSON",
}

#: microseconds in one unit of a number since 1970
_UNIT_US: dict[TimeForm, int] = {"epoch_s": 1_000_000, "epoch_ms": 1_000, "epoch_us": 1}
#: 18 digits hold every instant of the years 1 to 9999; what follows the ninth decimal is cut off
_EPOCH = r"(-?\d{1,18}(?:\.\d{1,9})?)\d*"
_ISO_WITH_ZONE = r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}.*([Zz]|[+-]\d{2}(:?\d{2})?)"
#: records beyond this are weighed one by one, not in SQL, which would copy them
_LARGE_BYTES = 1 << 20
#: a cell that is there but empty stays '', so what stands for NULL is a text that nobody writes
_NO_CELL = "\x01\x02\x01"
_YEAR_1_US, _YEAR_9999_US = -62_135_596_800_000_000, 253_402_300_799_999_999
_READER = f"compression = 'uncompressed', maximum_object_size = {RECORD_LIMIT_BYTES}"


def lines(path: Path, shape: Shape) -> str:
    """JSON lines: an unreadable line comes as a NULL record, in its place."""
    return (
        f"select {literal(shape.stream)} as stream, 0 as object_no, "
        "row_number() over () as record_no, '' as record_path, json as record "
        f"from read_ndjson_objects({literal(str(path))}, {_READER}, ignore_errors = true)"
    )


def array(path: Path, shape: Shape) -> str:
    """The elements of one JSON array. The reader raises where anything is amiss."""
    return (
        f"select {literal(shape.stream)} as stream, 0 as object_no, "
        "row_number() over () as record_no, '/' || (row_number() over () - 1) as record_path, "
        "json as record "
        f"from read_json_objects({literal(str(path))}, {_READER}, format = 'array')"
    )


def document(path: Path) -> str:
    """The values of a file that should hold one JSON document."""
    return (
        f"select 0 as object_no, json from read_json_objects({literal(str(path))}, {_READER}, "
        "format = 'unstructured')"
    )


def values(paths: list[Path], form: str, limit_bytes: int) -> str:
    """The values of small files of one form, as they come; a file's name ends in its object_no.

    Only on one thread does value_no count the values of one file in their order.
    """
    files = "[" + ", ".join(literal(str(path)) for path in paths) + "]"
    layout = "array" if form == "array" else "unstructured"
    return (
        "select right(filename, 8)::bigint as object_no, row_number() over () as value_no, json "
        f"from read_json_objects({files}, compression = 'uncompressed', filename = true, "
        f"maximum_object_size = {limit_bytes}, format = '{layout}')"
    )


def numbered(table: str, shape: Shape) -> str:
    """The elements of the arrays in `table`, whose value_no has no gap within an object."""
    return (
        f"select {literal(shape.stream)} as stream, object_no, element_no + 1 as record_no, "
        "'/' || element_no as record_path, json as record from (select *, "
        f"value_no - min(value_no) over (partition by object_no) as element_no from {table})"
    )


def whole(table: str, shape: Shape) -> str:
    """Each document in `table` as one record."""
    return (
        f"select {literal(shape.stream)} as stream, object_no, 1 as record_no, '' as record_path, "
        f"json as record from {table}"
    )


def table(path: Path, shape: Shape, names: list[str]) -> str:
    """Rows of a delimited file as objects of strings; raises where a row does not parse."""
    dialect = shape.csv or CsvDialect()
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in names)
    return (
        f"select {literal(shape.stream)} as stream, 0 as object_no, "
        "row_number() over () as record_no, '' as record_path, "
        "to_json(cells) as record from (select * from "
        f"read_csv({literal(str(path))}, auto_detect = false, all_varchar = true, "
        f"header = {str(not dialect.names).lower()}, delim = {literal(dialect.delimiter)}, "
        f"quote = {literal(dialect.quote)}, escape = {literal(dialect.quote)}, "
        f"columns = {{{columns}}}, nullstr = {literal(_NO_CELL)}, null_padding = true, "
        "parallel = false, compression = 'none', strict_mode = true)) as cells"
    )


def part(rows: str, shape: Shape, sha256s: list[str]) -> str:
    """`rows` as a part holds them: what `enveloped` makes Bronze of, and four columns beside.

    sha256s: the name of each object, in the order of object_no. The four, for index alone:
    object_no; fingerprint, for counting duplicates; size_bytes, of the text; is_suspect: perhaps
    over the limits.
    """
    names = [*shape.native_id, *([shape.event_time] if shape.event_time else [])]
    paths = "[" + ", ".join(map(literal, names)) + "]"
    fields = f"json_extract_string(record, {paths})" if names else "[]::varchar[]"
    ids = " || '|' || ".join(f"fields[{at + 1}]" for at in range(len(shape.native_id)))
    sha256 = literal(sha256s[0])
    if len(sha256s) > 1:
        sha256 = f"([{', '.join(map(literal, sha256s))}])[object_no + 1]"
    is_own = f"stream = {literal(shape.stream)}"
    native_id = f"case when {is_own} then {ids or 'null::varchar'} end"
    time = f"fields[{len(names)}]" if shape.event_time else "null::varchar"
    raw = "stated_at" if shape.stated_at else f"case when {is_own} then {time} end"
    return f"""
        select
            stream, {sha256} as object_sha256, record_no::bigint as record_no, record_path,
            native_id, event_time_raw,
            {_instant(shape.time_form)} as event_time,
            record::json as record, object_no, hash(record) as fingerprint,
            coalesce(strlen(record), 0) as size_bytes,
            case when strlen(record) <= {2 * DEPTH_LIMIT} then false
                when strlen(record) > {_LARGE_BYTES} then true
                else strlen(record) - strlen(replace(replace(record, '[', ''), '{{', ''))
                    > {DEPTH_LIMIT} end as is_suspect
        from (select *, {native_id} as native_id, {raw} as event_time_raw
              from (select *, {fields} as fields from ({rows})))"""


def _instant(form: TimeForm) -> str:
    """When it happened, from `event_time_raw`; NULL where that is not of this form."""
    if form == "iso":
        pattern, since_1970_us = _ISO_WITH_ZONE, "epoch_us(try_cast(event_time_raw as timestamptz))"
    else:
        pattern = _EPOCH
        number = f"regexp_extract(event_time_raw, '{_EPOCH}', 1)::decimal(27, 9)"
        since_1970_us = f"try_cast(floor({number} * {_UNIT_US[form]}) as bigint)"
    return (
        f"case when regexp_full_match(event_time_raw, '{pattern}') "
        f"then {_between_years(since_1970_us)} end"
    )


def _between_years(microseconds: str) -> str:
    """The instant (UTC); NULL outside the years 1 to 9999, which nothing else here can write."""
    return (
        f"make_timestamp(case when {microseconds} between {_YEAR_1_US} and {_YEAR_9999_US} "
        f"then {microseconds} end)"
    )


def enveloped(parts: str, source_id: str, receipt_id: str, received_at: str) -> str:
    """The readable records of `parts` with the Bronze columns. received_at: an `instant` text."""
    return f"""
        select
            {BRONZE_VERSION}::integer as bronze_version, {literal(source_id)} as source_id, stream,
            {literal(receipt_id)} as receipt_id, object_sha256, record_no, record_path,
            object_sha256 || ':' || record_no
                || case when record_path = '' then '' else '#' || record_path end as record_key,
            native_id, event_time_raw, event_time,
            {literal(received_at)}::timestamp as received_at, record
        from {parts} where record is not null"""
