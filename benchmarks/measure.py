"""One measure in a process of its own, so that its memory is its own.

    python benchmarks/measure.py NAME FOLDER [ARGUMENT…]

Prints one JSON object: what the measure found, and `peak_mb`, the most memory that its process
ever held (VmHWM of /proc/self/status, MiB).
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any


def run(name: str, folder: Path, *arguments: str) -> dict[str, Any]:
    """Calls one measure in a new process and returns what it found."""
    command = [sys.executable, __file__, name, str(folder), *arguments]
    answer: dict[str, Any] = json.loads(subprocess.check_output(command, text=True))
    return answer


def main() -> None:
    """The process of one measure."""
    name, folder, *arguments = sys.argv[1:]
    import days
    import documents
    import evidence

    measures: dict[str, Callable[..., dict[str, Any]]] = {
        **evidence.MEASURES, **documents.MEASURES, **days.MEASURES
    }  # fmt: skip
    found = measures[name](Path(folder), *arguments)
    print(json.dumps({**found, "peak_mb": _peak_mb()}))


def _peak_mb() -> int:
    status = Path("/proc/self/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) // 1024


if __name__ == "__main__":
    main()
