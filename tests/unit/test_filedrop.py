"""File drops: the listing is the manifest; new files are kept once, broken ones until mended."""

from __future__ import annotations

import gzip
import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from file_source import NOW, FileSource
from muniment import filedrop
from muniment.collecting import Ask
from muniment.settings import load
from muniment.sources import discover
from muniment.sources.spec import Connector, Options, Shape, SourceSpec

NEXT_DAY, THIRD_DAY = "2026-01-07T02:00:00Z", "2026-01-08T02:00:00Z"


class DropOptions(Options):
    asset: str | None = None


def _collect(ask: Ask) -> None:
    assert isinstance(ask.options, DropOptions)
    filedrop.collect(
        ask, (".ndjson", ".ndjson.gz"), lambda path: filedrop.Fit("lines", path),
        asset=ask.options.asset,
    )  # fmt: skip


SPEC = SourceSpec(
    "test_drop", "A drop of JSON lines", "event", "location",
    (Shape("lines", "lines", "event"), filedrop.MANIFEST),
    {"event": ("access_events.sign_in",), "listing": ()}, DropOptions,
)  # fmt: skip


@pytest.fixture
def source(tmp_path: Path, request: pytest.FixtureRequest) -> Any:
    discover()[SPEC.kind] = Connector(SPEC, _collect)
    yield FileSource.make(tmp_path, SPEC.kind, **getattr(request, "param", {}))
    del discover()[SPEC.kind]


def manifest(source: FileSource, receipt: Any) -> dict[str, str | None]:
    (body,) = source.stored(receipt, "manifest")
    return {file["path"]: file["sha256"] for file in json.loads(gzip.decompress(body))["files"]}


def proofs(receipt: Any) -> list[tuple[str, str, str]]:
    return [(proof.basis, proof.first_day, proof.end_day) for proof in receipt.proofs]


def test_files_are_kept_verbatim_with_asset_path_and_time(source: FileSource) -> None:
    body = b'\xef\xbb\xbf{"a":1}\r\n'
    file = source.put("web/2026/scan.ndjson", body)
    os.utime(file, (1_767_500_000, 1_767_500_000))  # 2026-01-04T04:13:20Z
    source.put("top.NDJSON", b'{"b":2}')
    receipt = source.run()
    assert source.stored(receipt, "lines") == [b'{"b":2}', body]
    lines = {line["url"]: line["context"] for line in source.requests(receipt)}
    assert lines["web/2026/scan.ndjson"] == {
        "path": "web/2026/scan.ndjson", "asset_id": "web",
        "modified_at": "2026-01-04T04:13:20.000000Z",
    }  # fmt: skip
    assert "asset_id" not in lines["top.NDJSON"]
    assert receipt.records["event"] == 2
    assert proofs(receipt) == [("file_manifest", "2026-01-05", "2026-01-06")]
    assert set(manifest(source, receipt)) == {"web/2026/scan.ndjson", "top.NDJSON"}


@pytest.mark.parametrize("source", [{"asset": "the-app"}], indirect=True)
def test_the_configured_asset_comes_before_the_folder(source: FileSource) -> None:
    source.put("web/scan.ndjson", b"{}")
    (first, *_) = source.requests(source.run())
    assert first["context"]["asset_id"] == "the-app"


def test_an_unchanged_listing_brings_nothing_and_proves_the_day(source: FileSource) -> None:
    source.put("a.ndjson", b'{"a":1}\n')
    first = source.run()
    second = source.run(NEXT_DAY, "2026-01-06")
    assert source.stored(second, "lines") == []
    assert second.records.get("event", 0) == 0
    assert source.stored(second, "manifest") == source.stored(first, "manifest")
    assert proofs(second) == [("file_manifest", "2026-01-06", "2026-01-07")]


def test_only_new_and_changed_files_are_kept_again(source: FileSource) -> None:
    source.put("a.ndjson", b'{"a":1}\n')
    source.put("b.ndjson", b'{"b":1}\n')
    source.run()
    source.put("a.ndjson", b'{"a":2}\n')
    source.put("c.ndjson", b'{"c":1}\n')
    assert source.stored(source.run(NEXT_DAY), "lines") == [b'{"a":2}\n', b'{"c":1}\n']
    (source.drop / "b.ndjson").unlink()
    third = source.run(THIRD_DAY)
    assert source.stored(third, "lines") == []
    assert any("1 files of the listing before" in text for text in third.warnings)


def test_a_file_replaced_under_its_old_size_and_time_is_kept(source: FileSource) -> None:
    file = source.put("a.ndjson", b'{"a":1}\n')
    source.run()
    times = (file.stat().st_atime_ns, file.stat().st_mtime_ns)
    os.utime(source.put("a.ndjson", b'{"a":2}\n'), ns=times)
    assert source.stored(source.run(NEXT_DAY), "lines") == [b'{"a":2}\n']
    os.utime(file, ns=times)  # touched, and the same bytes under the same time
    third = source.run(THIRD_DAY)
    assert source.stored(third, "lines") == []
    assert third.proofs[0].reason == "1 files listed, 0 of them new."


def test_an_unreadable_record_comes_again_until_it_is_mended(source: FileSource) -> None:
    source.put("bad.ndjson", b'{"a":1}\n{"a":\n')
    source.put("good.ndjson", b'{"g":1}\n')
    assert source.run().quarantined == {"event": 1}
    again = source.run(NEXT_DAY)
    assert source.stored(again, "lines") == [b'{"a":1}\n{"a":\n']
    assert again.quarantined == {"event": 1}  # a day is not proven by looking away
    source.put("bad.ndjson", b'{"a":1}\n{"a":2}\n')
    mended = source.run(THIRD_DAY)
    assert (mended.quarantined, mended.records["event"]) == ({}, 2)


def test_a_truncated_gzip_is_quarantined_and_the_others_are_read(source: FileSource) -> None:
    whole = gzip.compress(b'{"a":1}\n' * 100)
    source.put("cut.ndjson.gz", whole[:-5])
    source.put("whole.ndjson.gz", whole)
    receipt = source.run()
    assert receipt.records["event"] == 100
    assert receipt.quarantined == {"event": 1}
    assert "gzip ends early" in source.quarantine(receipt)[0][0]


def test_an_empty_file_and_an_empty_folder_are_not_the_same_as_none(source: FileSource) -> None:
    assert proofs(source.run()) == [("file_manifest", "2026-01-05", "2026-01-06")]
    source.put("empty.ndjson", b"")
    receipt = source.run(NEXT_DAY)
    assert manifest(source, receipt)["empty.ndjson"] is not None
    assert receipt.quarantined == {}


def test_a_missing_folder_is_a_failure_that_names_it(source: FileSource) -> None:
    source.drop.rmdir()
    receipt = source.run()
    assert receipt.failure is not None
    assert "the folder drop is not there" in receipt.failure.reason
    assert proofs(receipt) == []


def test_links_that_lead_out_are_named_and_not_followed(source: FileSource, tmp_path: Path) -> None:
    (tmp_path / "secret.ndjson").write_bytes(b'{"secret":1}')
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "x.ndjson").write_bytes(b'{"secret":2}')
    (source.drop / "link.ndjson").symlink_to(tmp_path / "secret.ndjson")
    (source.drop / "folder.ndjson").symlink_to(tmp_path / "elsewhere")
    (source.drop / "gone.ndjson").symlink_to(tmp_path / "nowhere")
    source.put("good.ndjson", b'{"g":1}\n')
    receipt = source.run()
    assert source.stored(receipt, "lines") == [b'{"g":1}\n']
    assert receipt.failure is not None
    for name in ("link.ndjson", "folder.ndjson", "gone.ndjson"):
        assert name in receipt.failure.reason
    assert "3 of" in receipt.failure.reason
    assert proofs(receipt) == []


def test_a_link_within_the_folder_is_a_file_of_it(source: FileSource) -> None:
    file = source.put("runs/1.ndjson", b'{"a":1}\n')
    (source.drop / "latest.ndjson").symlink_to(file)
    assert set(manifest(source, source.run())) == {"runs/1.ndjson", "latest.ndjson"}


def test_names_with_newlines_quotes_and_dots_are_only_names(source: FileSource) -> None:
    names = ["new\nline.ndjson", "quo'te\".ndjson", "..double.ndjson", "per%cent.ndjson"]
    for name in names:
        source.put(name, json.dumps({"name": name}).encode())
    receipt = source.run()
    assert set(manifest(source, receipt)) == set(names)
    assert {line["url"] for line in source.requests(receipt)} >= set(names)
    assert receipt.records["event"] == len(names)


def test_files_of_other_names_are_left_aside_and_said(source: FileSource) -> None:
    source.put("readme.txt", b"hello")
    source.put(".part.ndjson.tmp", b"half")
    receipt = source.run()
    assert manifest(source, receipt) == {}
    assert receipt.warnings == ["1 files end in none of .ndjson, .ndjson.gz: left aside."]


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is unreadable for root")
def test_a_file_without_permission_is_a_failure_and_the_others_are_kept(
    source: FileSource,
) -> None:
    source.put("closed.ndjson", b"{}").chmod(0)
    source.put("open.ndjson", b'{"o":1}')
    receipt = source.run()
    assert source.stored(receipt, "lines") == [b'{"o":1}']
    assert receipt.failure is not None and "no permission" in receipt.failure.reason


def test_a_file_written_to_while_it_is_read_is_asked_for_again(source: FileSource) -> None:
    line = b'{"a":1}\n'
    file = source.put("growing.ndjson", line * 500_000)
    source.put("still.ndjson", b'{"s":1}\n')
    is_done = threading.Event()

    def grow() -> None:
        with file.open("ab", buffering=0) as handle:
            while not is_done.wait(0.0005):
                handle.write(line)

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        receipt = source.run()
    finally:
        is_done.set()
        writer.join()
    assert receipt.failure is not None
    assert receipt.failure.is_transient
    assert "'growing.ndjson': was written to while it was read" in receipt.failure.reason
    assert source.stored(receipt, "lines") == [b'{"s":1}\n']
    healed = source.run(NEXT_DAY)
    assert healed.failure is None
    assert source.stored(healed, "lines") == [file.read_bytes()]


def test_other_options_read_the_folder_anew(source: FileSource) -> None:
    source.put("a.ndjson", b'{"a":1}\n')
    source.run()
    config = source.settings.file
    config.write_text(config.read_text().replace("options: {}", "options: {asset: web}"))
    receipt = FileSource(load(config), source.drop).run(NEXT_DAY)
    assert source.requests(receipt)[0]["context"]["asset_id"] == "web"


def test_the_same_bytes_under_two_names_are_one_object_and_two_lines(source: FileSource) -> None:
    source.put("one/a.ndjson", b'{"a":1}\n')
    source.put("two/a.ndjson", b'{"a":1}\n')
    receipt = source.run()
    assert receipt.records["event"] == 1
    assets = {line["context"].get("asset_id") for line in source.requests(receipt)}
    assert {"one", "two"} <= assets


def test_a_folder_that_was_away_for_a_day_is_not_kept_twice(source: FileSource) -> None:
    source.put("a.ndjson", b'{"a":1}\n')
    source.run()
    source.drop.rename(source.drop.with_name("away"))
    assert source.run(NEXT_DAY).failure is not None
    source.drop.with_name("away").rename(source.drop)
    assert source.stored(source.run(THIRD_DAY), "lines") == []


def test_the_location_may_be_a_single_file(source: FileSource) -> None:
    source.put("one.ndjson", b'{"a":1}\n')
    source.put("other.ndjson", b'{"b":1}\n')
    config = source.settings.file
    config.write_text(config.read_text().replace("location: drop", "location: drop/one.ndjson"))
    receipt = FileSource(load(config), source.drop).run()
    assert set(manifest(source, receipt)) == {"one.ndjson"}
    assert receipt.records["event"] == 1


def test_a_day_that_has_not_ended_is_not_proven(source: FileSource) -> None:
    assert proofs(source.run(NOW, first="2026-01-06")) == []
