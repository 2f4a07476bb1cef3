"""Runs suites with Great Expectations, offline, and writes its results and Data Docs.

Nothing here reaches the network: analytics are off, and the pages that Great Expectations writes
are freed of the scripts, styles and images that they would fetch from elsewhere.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
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
        every receipt in it does. Else each is looked at alone.
        """
        if self._validate(suite, suite.batch, "true", sum(rows.values()))["success"]:
            return
        for receipt_id, own_rows in rows.items():
            name, where = f"{suite.batch}.{receipt_id}", f"receipt_id = '{receipt_id}'"
            for item in self._validate(suite, name, where, own_rows)["results"]:
                if not item["success"]:
                    check = suite.checks[item["expectation_config"]["meta"]["place"]]
                    yield receipt_id, check, _words(check, item)

    def _validate(self, suite: Suite, name: str, where: str, rows: int) -> dict[str, Any]:
        query = f'select * from "{suite.batch}" where {where}'
        asset = self._source.add_query_asset(name, query=query)
        expectations = [_expectation(check, place) for place, check in enumerate(suite.checks)]
        definition = gx.ValidationDefinition(
            name=name,
            data=asset.add_batch_definition_whole_table("whole"),
            suite=self._context.suites.add(gx.ExpectationSuite(name, expectations=expectations)),
        )
        result = self._context.validation_definitions.add(definition).run(
            expectation_parameters={"records": rows}
        )
        plain: dict[str, Any] = result.to_json_dict()  # type: ignore[no-untyped-call]
        self._results[name] = plain
        return plain

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


def _expectation(check: Check, place: int) -> Any:
    arguments = {**check.arguments, "meta": {"place": place, "says": check.says}}
    if check.stream is not None:
        arguments["row_condition"] = Column("stream") == check.stream
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
