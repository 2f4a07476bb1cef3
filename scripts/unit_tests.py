"""The dbt unit tests of some models, or of all, on an empty warehouse of their own.

python scripts/unit_tests.py iam_04 vul_02   # of these models
python scripts/unit_tests.py                 # of all

Prints what failed, and why; the exit code is then 1.
"""

from __future__ import annotations

import json
import sys
import tempfile
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import yaml

from muniment import transformation, warehouse
from muniment.database import SETTINGS
from muniment.settings import load

CONFIG = "organisation: Example\nsandbox: true\nsources: []\n"
DAY = date(2026, 1, 1)


def run(folder: Path, models: list[str]) -> list[Any]:
    """dbt's results, a unit test each; `folder` (empty) takes the warehouse that they run on.

    models: names; none for all. Raises RuntimeError where dbt cannot read the project.
    """
    from dbt.cli.main import dbtRunner

    (folder / "muniment.yml").write_text(CONFIG, "utf-8")
    settings = load(folder / "muniment.yml")
    # dbt asks the relations that a test replaces for their columns: an empty build makes them all
    warehouse.build(settings, DAY, datetime(2026, 1, 2, 2, tzinfo=UTC), "unit tests")
    path = settings.home.local_path(warehouse.WAREHOUSE_PATH)
    output = {"type": "duckdb", "path": str(path), "schema": "main", "settings": SETTINGS}
    profile = {"muniment": {"target": "w", "outputs": {"w": {**output, "threads": 1}}}}
    (folder / "profiles.yml").write_text(yaml.safe_dump(profile), "utf-8")
    selected = [f"{name},test_type:unit" for name in models] or ["test_type:unit"]
    answer = dbtRunner().invoke(
        [
            "test", "--select", *selected,
            "--project-dir", str(transformation.PROJECT), "--profiles-dir", str(folder),
            "--target-path", str(path.parent / "target"),
            "--log-path", str(folder / "logs"), "--log-level", "none",
            "--vars", json.dumps({"control_tests": transformation.control_tests()}),
        ]
    )  # fmt: skip
    transformation.close_database()
    if answer.exception is not None:
        raise RuntimeError(str(answer.exception)) from answer.exception
    return list(answer.result.results)  # type: ignore[union-attr]


def failures(results: list[Any]) -> dict[str, str]:
    """What dbt says of each test that did not pass, by its name."""
    return {r.node.name: str(r.message) for r in results if str(r.status) != "pass"}


def main() -> int:
    """Runs the tests of the models named on the command line."""
    with tempfile.TemporaryDirectory() as folder:
        results = run(Path(folder), sys.argv[1:])
    failed = failures(results)
    for name, message in failed.items():
        print(f"FAILED {name}\n{message}\n")
    print(f"{len(results) - len(failed)} of {len(results)} unit tests passed.")
    return 1 if failed or not results else 0


if __name__ == "__main__":
    sys.exit(main())
