"""From measures to the tables of `docs/benchmarks.md`: medians, ratios of one run, targets."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

Measures = dict[str, Any]
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
MIB_LIMIT = 2048
STEPS = ("plan", "collect", "index", "commit", "assess", "build", "publish")
RECORD_MEASURES = (
    ("bare", "bare read: `create table as select json from read_ndjson_objects(…)`, in memory"),
    ("python", "plain Python: `json.loads` of every line, nothing kept"),
    ("index", "index"),
    ("commit", "commit: leaves, root, receipt"),
    ("stage", "staging to unified events"),
)


@dataclass(frozen=True)
class Row:
    """One target, or one figure for scale, beside what was measured."""

    what: str
    target: str
    measured: str
    is_met: bool | None = None

    def line(self) -> str:
        """As a row of the table; None is for scale only."""
        word = {True: "met", False: "**missed**", None: ""}[self.is_met]
        return f"| {self.what} | {self.target} | {self.measured} | {word} |"


def rows(found: Measures) -> list[Row]:
    """Every row of the speed table, in its order."""
    rate = {name: _rate(found[name]) for name, _ in RECORD_MEASURES}
    bare = rate["bare"] / rate["index"]
    whole = _rate(found["stage"], "whole_seconds")
    long, short = (_day(found["days"][name]) for name in ("long", "short"))
    growth = long / short
    peaks = {name: item["peak_mb"] for name, item in found["memory"]["peaks"].items()}
    covered = median(found["coverage"])
    told = ", ".join(f"{name} {peak:,}" for name, peak in peaks.items())
    days = {name: found["days"][name]["days"] for name in ("long", "short")}
    return [
        _at_least("index, records of 1.1 KB in gzip objects of JSON lines", 150_000, rate["index"]),
        _at_least("index, CloudTrail log files as delivered (1.2 KB records, 5,000 a document)",
                  80_000, _rate(found["documents"])),
        Row("index against the bare read in memory", "at most 3 times", f"{bare:.2f} times",
            bare <= 3),
        Row("the same read through plain Python, for scale", "",
            f"{rate['python']:,.0f} records/s"),
        _at_least("commit (leaves and root), the same records", 100_000, rate["commit"]),
        _at_least("staging to unified events, the same records", 150_000, rate["stage"],
                  f"; {whole:,.0f} with dbt's start and parse"),
        Row(f"one ordinary day with {days['long']} days of history against {days['short']}",
            "at most 1.3 times", f"{growth:.2f} times ({long:.1f} s, {short:.1f} s)",
            growth <= 1.3),
        Row(f"memory (process RSS), {found['memory']['records']:,} records",
            f"at most {MIB_LIMIT:,} MiB", f"{told} MiB", max(peaks.values()) <= MIB_LIMIT),
        Row("`muniment coverage` on a year, start-up included", "under 1 s", f"{covered:.2f} s",
            covered < 1),
    ]  # fmt: skip


def compose(found: Measures) -> str:
    """The measured part of the document, in Markdown."""
    machine = found["machine"]
    versions = ", ".join(f"{name} {number}" for name, number in found["versions"].items())
    return "\n".join([
        f"Measured {found['measured_at']} on {machine['cpu']}, {machine['cores']} cores, "
        f"{machine['memory_gib']} GiB, {machine['system']}; {versions}. Load average before and "
        f"after: {found['load'][0]:.1f} and {found['load'][1]:.1f}. Figures are medians of the "
        "repetitions that the tables below name; all ratios are from this one run.",
        "",
        "| what | target on 2 cores | measured | |",
        "|---|---|---|---|",
        *(row.line() for row in rows(found)),
        "",
        f"**Records** ({found['record_bytes']:,} bytes each; `x bare` compares seconds a record)",
        "",
        "| measure | records | runs | median s | records/s | x bare | peak MiB |",
        "|---|---|---|---|---|---|---|",
        *_record_lines(found),
        "",
        *_day_lines(found["days"]),
    ])  # fmt: skip


def write(found: Measures, document: Path) -> None:
    """Replaces what stands between the markers; the prose around them stays."""
    text = document.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise SystemExit(f"{document}: the markers '{BEGIN}' and '{END}' are missing.")
    document.write_text(f"{before}{begin}\n{compose(found)}\n{end}{after}", encoding="utf-8")


def _at_least(what: str, target: int, rate: float, addition: str = "") -> Row:
    return Row(what, f"at least {target:,} records/s", f"{rate:,.0f} records/s{addition}",
               rate >= target)  # fmt: skip


def _rate(runs: list[Measures], seconds: str = "seconds") -> float:
    """Records a second, of the median run."""
    return float(runs[0]["records"] / median(run[seconds] for run in runs))


def _day(history: Measures) -> float:
    return float(median(run["seconds"] for run in history["runs"]))


def _record_lines(found: Measures) -> list[str]:
    bare = 1 / _rate(found["bare"])
    lines = [_record_line(told, found[name], bare) for name, told in RECORD_MEASURES]
    lines.append(_record_line("index, documents of records", found["documents"], bare))
    for name, run in found["memory"]["peaks"].items():
        lines.append(_record_line(f"{name}, for its memory", [run], bare))
    return lines


def _record_line(told: str, runs: list[Measures], bare: float) -> str:
    rate = _rate(runs)
    seconds = median(run["seconds"] for run in runs)
    peak = max(run["peak_mb"] for run in runs)
    return (
        f"| {told} | {runs[0]['records']:,} | {len(runs)} | {seconds:.2f} | {rate:,.0f} "
        f"| {1 / rate / bare:.2f} | {peak:,} |"
    )


def _day_lines(days: Measures) -> list[str]:
    long, short = days["long"], days["short"]
    lines = [
        f"**One ordinary day** (median seconds of {len(long['runs'])} days each; the libraries "
        "that a step loads when first used are loaded before, and shown as `start`)",
        "",
        f"| step | {short['days']} days of history | {long['days']} days of history | times |",
        "|---|---|---|---|",
    ]
    for step in ("start", *STEPS):
        brief, extended = (median(r["steps"].get(step, 0.0) for r in h["runs"])
                           for h in (short, long))  # fmt: skip
        times = f"{extended / brief:.2f}" if brief else ""
        lines.append(f"| {step} | {brief:.2f} | {extended:.2f} | {times} |")
    brief, extended = _day(short), _day(long)
    lines.append(
        f"| **all, without start** | {brief:.2f} | {extended:.2f} | {extended / brief:.2f} |"
    )
    counts = [median(run["records"] for run in history["runs"]) for history in (short, long)]
    lines.append(f"| records received | {counts[0]:,.0f} | {counts[1]:,.0f} | |")
    window = long["history"]["window_days"]
    told = "day by day" if window == 1 else f"in windows of {window} days"
    lines += ["", f"The long history was collected {told} and built once, in "
              f"{long['history']['seconds']:,.0f} s."]  # fmt: skip
    return lines
