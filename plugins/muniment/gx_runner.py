"""Runs suites with Great Expectations, offline, and writes its results and Data Docs.

Nothing here reaches the network: analytics are off, and the pages that Great Expectations writes
are freed of the scripts, styles and images that they would fetch from elsewhere.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from functools import reduce
from operator import and_
from pathlib import Path
from typing import TYPE_CHECKING, Any

os.environ["GX_ANALYTICS_ENABLED"] = "false"

import great_expectations as gx
from great_expectations.data_context.types.base import ProgressBarsConfig
from great_expectations.expectations.row_conditions import Column

from muniment import gx_dialect
from muniment.collection import canonical
from muniment.storage import Store

if TYPE_CHECKING:
    from muniment.expectations import Check, Suite

SITE = "data_docs"
#: what a page would load from another host when it is opened
_REMOTE = re.compile(
    r"<link\b[^>]*href=\"https?:[^>]*>"
    r"|<script\b[^>]*src=\"https?:[^>]*>\s*</script>"
    r"|<img\b[^>]*src=\"https?:[^>]*>"
)
#: in a suite's arguments: the number of rows that are to be there
_RECORDS = {"$PARAMETER": "records"}
#: expectations that judge every row by its own values alone
_ROW_BY_ROW = {
    "ExpectColumnPairValuesToBeEqual",
    "ExpectColumnValuesToBeBetween",
    "ExpectColumnValuesToNotBeNull",
}
_UNTRACED = "(All receipts together; no single one shows it, so all bear it.)"


class Runner:
    """One run over one DuckDB file of batches."""

    def __init__(self, folder: Path, database: Path) -> None:
        """`folder`: scratch space; `database`: see `batches.lay_out`."""
        gx_dialect.register()
        self._docs = folder / SITE
        self._results: dict[str, dict[str, Any]] = {}
        # in memory: a context of files writes its whole configuration again for every batch
        self._context = gx.get_context(mode="ephemeral")
        self._context.enable_analytics(False)
        self._context.variables.progress_bars = ProgressBarsConfig(globally=False)
        for name in list(self._context.list_data_docs_sites()):
            self._context.delete_data_docs_site(name)
        self._context.add_data_docs_site(SITE, _site(self._docs))
        self._source = self._context.data_sources.add_sql(
            "collections", connection_string=f"muniment:///{database}", create_temp_table=False
        )

    def run(self, suite: Suite, rows: dict[str, int]) -> Iterator[tuple[str, Check, str]]:
        """Validates one batch; yields receipt id, failed check and the failure in words.

        rows: receipt id -> rows that the batch is to hold of it. Where the whole batch passes,
        every receipt in it does. Else one further validation asks the failed checks of each
        receipt by itself, so that none answers for another.
        """
        batch = self._batch(suite.batch, f'select * from "{suite.batch}"')
        total = sum(rows.values())
        asked = [_expectation(check, place, total) for place, check in enumerate(suite.checks)]
        failed = self._validate(suite.batch, batch, asked)
        if not failed:
            return
        asked = [
            _expectation(suite.checks[place], place, rows[receipt_id], receipt_id)
            for place, item in failed
            for receipt_id in self._suspects(suite, place, item, rows)
        ]
        named = self._validate(f"{suite.batch}.receipts", batch, asked)
        for place, item in named:
            check = suite.checks[place]
            yield item["expectation_config"]["meta"]["receipt_id"], check, _words(check, item)
        for place, item in failed:
            if place not in {known for known, _ in named}:  # nobody is cleared by a riddle
                check = suite.checks[place]
                for receipt_id in rows:
                    yield receipt_id, check, f"{_words(check, item)} {_UNTRACED}"

    def _batch(self, name: str, query: str) -> Any:
        asset = self._source.add_query_asset(name, query=query)
        return asset.add_batch_definition_whole_table("whole")

    def _validate(self, name: str, batch: Any, asked: list[Any]) -> list[tuple[int, Any]]:
        """Validates and keeps the result; returns what failed, with its check's place."""
        suite = self._context.suites.add(gx.ExpectationSuite(name, expectations=asked))
        definition = gx.ValidationDefinition(name=name, data=batch, suite=suite)
        result = self._context.validation_definitions.add(definition).run()
        plain: dict[str, Any] = result.to_json_dict()  # type: ignore[no-untyped-call]
        self._results[name] = plain
        return [
            (item["expectation_config"]["meta"]["place"], item)
            for item in plain["results"]
            if not item["success"]
        ]

    def _suspects(
        self, suite: Suite, place: int, item: dict[str, Any], rows: dict[str, int]
    ) -> Iterable[str]:
        """The receipts that can have failed a check: those of the failing rows, else all.

        Equal rows are asked about once, so that what is held does not grow with the records.
        """
        check = suite.checks[place]
        failing_rows = item["result"].get("unexpected_count")
        if check.expectation not in _ROW_BY_ROW or failing_rows is None:
            return rows
        columns = ", ".join(f'"{name}"' for name in ("receipt_id", "stream", *check.columns))
        query = f'select distinct {columns} from "{suite.batch}"'
        batch = self._batch(f"{suite.batch}.check_{place}", query).get_batch()
        # the list of rows ends at partial_unexpected_count, also in a COMPLETE result
        complete = {
            "result_format": "COMPLETE",
            "partial_unexpected_count": failing_rows,
            "unexpected_index_column_names": ["receipt_id"],
        }
        result = batch.validate(_expectation(check, place, len(rows)), result_format=complete)
        failing = {row["receipt_id"] for row in result.result.get("unexpected_index_list") or ()}
        return [receipt_id for receipt_id in rows if receipt_id in failing] or rows

    def save(self, store: Store, folder: str) -> None:
        """Writes one JSON a validation and the Data Docs into the home."""
        for name, result in self._results.items():
            store.replace(f"{folder}/{name}.json", canonical(result))
        self._context.build_data_docs()
        for file in sorted(path for path in self._docs.rglob("*") if path.is_file()):
            data = file.read_bytes()
            if file.suffix == ".html":
                data = _REMOTE.sub("", data.decode("utf-8")).encode("utf-8")
            store.replace(f"{folder}/{SITE}/{file.relative_to(self._docs)}", data)


def _site(folder: Path) -> Any:
    return {
        "class_name": "SiteBuilder",
        "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
        "store_backend": {
            "class_name": "TupleFilesystemStoreBackend",
            "base_directory": str(folder),
        },
    }


def _expectation(check: Check, place: int, records: int, receipt_id: str | None = None) -> Any:
    """records: rows that are to be there; receipt_id: ask about this receipt's rows alone."""
    arguments = {
        name: records if value == _RECORDS else value for name, value in check.arguments.items()
    }
    arguments["meta"] = {"place": place, "says": check.says, "receipt_id": receipt_id}
    conditions = []
    if check.stream is not None:
        conditions.append(Column("stream") == check.stream)
    if receipt_id is not None:
        conditions.append(Column("receipt_id") == receipt_id)
    if conditions:
        arguments["row_condition"] = reduce(and_, conditions)
    return getattr(gx.expectations, check.expectation)(**arguments)


def _words(check: Check, item: dict[str, Any]) -> str:
    for said in _exceptions(item["exception_info"]):
        return f"An expectation could not be run ({check.expectation}: {said})."
    failed = item["result"].get("unexpected_count", item["result"].get("observed_value"))
    return check.says.format(failed=failed, column=check.arguments.get("column", ""))


def _exceptions(info: dict[str, Any]) -> list[str]:
    """Messages of what was raised; Great Expectations nests them by metric, or does not."""
    each = [info] if "raised_exception" in info else list(info.values())
    return [str(one["exception_message"]) for one in each if one["raised_exception"]]
