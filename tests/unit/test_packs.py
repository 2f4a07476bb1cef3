"""Packs: complete or not written at all, checkable by anybody, and naming nobody."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from warehouse_file import DAY, NOW, PEOPLE, SCRIPT, WarehouseFile

from muniment import pack_check, packs, releases
from muniment.database import connect
from muniment.errors import EvidenceError, UsageError

END = DAY + timedelta(days=2)
Files = dict[str, bytes]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> WarehouseFile:
    home = WarehouseFile.make(tmp_path_factory.mktemp("packs") / "home")
    home.build()
    home.publish_and_sign()
    return home


@pytest.fixture
def home(made: WarehouseFile, tmp_path: Path) -> Iterator[WarehouseFile]:
    copy = made.evidence.copy(tmp_path / "home")
    releases.set_pin(copy.settings, 1, is_pinned=False)
    yield WarehouseFile(copy, made.receipts)


def cut(home: WarehouseFile, out: Path, framework: str = "soc2", first: date = DAY) -> Path:
    return packs.build_pack(home.settings, framework, first, END, out, now=NOW).path


@pytest.fixture(scope="module")
def pack(made: WarehouseFile, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return cut(made, tmp_path_factory.mktemp("out") / "pack.zip")


def unzipped(pack: Path) -> Files:
    with zipfile.ZipFile(pack) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(files: Files, out: Path) -> Path:
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out


def test_a_pack_holds_every_part(pack: Path) -> None:
    names = {name.removeprefix("pack/") for name in unzipped(pack)}
    tables = ("coverage", "results", "ledger", "legs", "register_edits", "withdrawn_exceptions",
              "populations/CHG-02.approved", "populations/IAM-01.enrolled",
              "populations/GOV-01.signed")  # fmt: skip
    assert names == {
        *(f"data/{table}.{kind}" for table in tables for kind in ("csv", "parquet")),
        "data/index.html", "data/pack.json", "data/release_manifest.json",
        "data/receipts/okta/00000001.json", "bagit.txt", "bag-info.txt", "signing.pub.pem",
        "manifest-sha256.txt", "manifest-sha256.txt.sig", "tagmanifest-sha256.txt",
        "tagmanifest-sha256.txt.sig",
    }  # fmt: skip


def test_no_person_can_be_read_from_a_pack(pack: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(pack) as archive:
        archive.extractall(tmp_path)
    for path in (tmp_path / "pack").rglob("*"):
        if path.suffix == ".parquet":
            with connect() as connection:
                text = str(connection.execute(f"select * from '{path}'").fetchall())
        elif path.is_file() and path.suffix != ".sig":
            text = path.read_text("utf-8")
        else:
            continue
        for person in PEOPLE:
            assert person.lower() not in text.lower(), f"{person} stands in {path.name}"


def test_csv_and_parquet_agree_row_for_row(pack: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(pack) as archive:
        archive.extractall(tmp_path)
    compared = 0
    for path in (tmp_path / "pack" / "data").rglob("*.csv"):
        with path.open(encoding="utf-8", newline="") as handle:
            rows = list(csv.DictReader(handle))
        with connect() as connection:
            cursor = connection.execute(f"select * from '{path.with_suffix('.parquet')}'")
            names = [column[0] for column in cursor.description]
            exact = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        assert len(rows) == len(exact)
        for row, other in zip(rows, exact, strict=True):
            assert list(row) == names
            for name, value in other.items():
                text = row[name]
                if isinstance(value, list | bool):
                    assert json.loads(text) == value
                elif name in ("attributes", "control_parameters"):
                    assert json.loads(text) == json.loads(value)
                elif isinstance(value, datetime):
                    assert text == value.isoformat() + "Z"
                else:
                    plain = "" if value is None else str(value)
                    assert text in (plain, f"'{plain}")
                compared += 1
    assert compared > 100


def test_what_was_changed_about_the_past_is_listed(home: WarehouseFile, tmp_path: Path) -> None:
    home.build(run_id="run-2")
    with connect(home.path) as connection:
        connection.execute("update control_tests.all_tests set outcome = 'PASS', reason = 'mended'")
    home.publish_and_sign()
    files = unzipped(cut(home, tmp_path / "pack.zip"))
    text = files["pack/data/withdrawn_exceptions.csv"].decode()
    (row,) = csv.DictReader(io.StringIO(text))
    assert (row["test_id"], row["leg_id"], row["unit_key"]) == ("CHG-02", "approved", "org/app|7")
    assert (row["first_release"], row["last_release"], row["now_outcome"]) == ("1", "1", "PASS")
    edits = list(csv.DictReader(io.StringIO(files["pack/data/register_edits.csv"].decode())))
    assert [(edit["register"], edit["field"]) for edit in edits] == [
        ("controls", "owner"), ("roster", "logins"), ("roster", "name"),
    ]  # fmt: skip
    page = files["pack/data/index.html"].decode()
    section = page.partition('id="past"')[2].partition('id="check"')[0]
    assert "Changed about the past (4)" in page
    assert "mended" in section
    assert "controls" in section


def test_what_was_changed_before_the_period_does_not_speak_for_it(
    home: WarehouseFile, tmp_path: Path
) -> None:
    home.build(run_id="run-2")
    with connect(home.path) as connection:
        connection.execute("update marts.fct_register_edits set changed_at = '2026-01-04 23:59'")
    home.publish_and_sign()
    files = unzipped(cut(home, tmp_path / "pack.zip"))
    assert len(files["pack/data/register_edits.csv"].splitlines()) == 1


def test_a_formula_cannot_run_in_a_spreadsheet(pack: Path) -> None:
    text = unzipped(pack)["pack/data/results.csv"].decode()
    reasons = [row["reason"] for row in csv.DictReader(io.StringIO(text))]
    assert "'=1+1" in reasons


def test_the_page_is_escaped_and_offline(pack: Path) -> None:
    page = unzipped(pack)["pack/data/index.html"].decode()
    assert SCRIPT not in page
    assert "&lt;script&gt;" in page
    links = re.findall(r"""(?:href|src)\s*=\s*["']?([^"'> ]+)""", page)
    files = {name.removeprefix("pack/data/") for name in unzipped(pack)}
    assert links
    assert all(link.startswith("#") or link in files for link in links)
    assert "url(" not in page
    assert "1 of 2" in page  # days complete
    assert "gone" in page  # the gap, with its reason


def test_the_same_release_and_clock_give_the_same_bytes(
    made: WarehouseFile, pack: Path, tmp_path: Path
) -> None:
    assert cut(made, tmp_path / "again.zip").read_bytes() == pack.read_bytes()


def test_a_release_that_a_pack_was_cut_from_is_pinned(home: WarehouseFile, tmp_path: Path) -> None:
    cut(home, tmp_path / "pack.zip")
    assert releases.listing(home.settings)[0].is_pinned


def remove_object(home: WarehouseFile) -> str:
    sha256 = home.receipts[0].objects[0].sha256
    (home.evidence.folder / f"locker/objects/{sha256[:2]}/{sha256}").unlink()
    return sha256


def alter_object(home: WarehouseFile) -> str:
    sha256 = home.receipts[0].objects[0].sha256
    path = home.evidence.folder / f"locker/objects/{sha256[:2]}/{sha256}"
    path.write_bytes(path.read_bytes().replace(b"Zo", b"Xo"))
    return sha256


def remove_receipt(home: WarehouseFile) -> str:
    (home.evidence.folder / home.receipts[0].path).unlink()
    return home.receipts[0].receipt_id


def alter_receipt(home: WarehouseFile) -> str:
    path = home.evidence.folder / home.receipts[0].path
    path.write_text(path.read_text().replace('"leaf_count":4', '"leaf_count":5'))
    return home.receipts[0].path


def alter_database(home: WarehouseFile) -> str:
    path = home.evidence.folder / releases.folder(1) / "muniment.duckdb"
    path.chmod(0o644)
    with connect(path) as connection:
        connection.execute("update control_tests.all_tests set outcome = 'PASS'")
    return "not the one that its manifest names"


def drop_table(home: WarehouseFile) -> str:
    home.build(run_id="run-2")
    with connect(home.path) as connection:
        connection.execute("drop table seeds.leg_criterion")
    home.publish_and_sign()
    return "leg_criterion"


@pytest.mark.parametrize(
    "damage",
    [remove_object, alter_object, remove_receipt, alter_receipt, alter_database, drop_table],
)
def test_what_should_be_in_and_is_not_stops_the_build_and_is_named(
    home: WarehouseFile, tmp_path: Path, damage: Callable[[WarehouseFile], str]
) -> None:
    named = damage(home)
    out = tmp_path / "out" / "pack.zip"
    with pytest.raises(EvidenceError, match=re.escape(named)):
        cut(home, out)
    assert list((tmp_path / "out").iterdir() if out.parent.exists() else []) == []
    assert not any(item.is_pinned for item in releases.listing(home.settings))


@pytest.mark.parametrize(
    ("framework", "first", "end", "message"),
    [("sox", DAY, END, "soc2"), ("soc2", END, DAY, "no day"),
     ("soc2", DAY, END + timedelta(days=1), "knows nothing after"),
     ("soc2", DAY - timedelta(days=9), DAY - timedelta(days=2), "outside")],
)  # fmt: skip
def test_what_no_pack_can_be_cut_for_is_refused(
    home: WarehouseFile, tmp_path: Path, framework: str, first: date, end: date, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        packs.build_pack(home.settings, framework, first, end, tmp_path / "p.zip", now=NOW)


def test_days_that_the_ledger_does_not_know_are_named(home: WarehouseFile, tmp_path: Path) -> None:
    page = unzipped(cut(home, tmp_path / "p.zip", first=DAY - timedelta(days=3)))
    assert "nothing at all of 3 day(s)" in page["pack/data/index.html"].decode()


def test_a_pack_is_never_overwritten(home: WarehouseFile, tmp_path: Path) -> None:
    out = tmp_path / "pack.zip"
    out.write_text("mine")
    with pytest.raises(UsageError, match="exists"):
        cut(home, out)
    assert out.read_text() == "mine"


def test_a_sound_pack_verifies_by_us_and_by_stock_tools(
    pack: Path, made: WarehouseFile, tmp_path: Path
) -> None:
    key = made.evidence.folder / "keys" / "signing.pub.pem"
    assert pack_check.verify_pack(pack).findings == []
    assert pack_check.verify_pack(pack, key).findings == []
    shutil.unpack_archive(pack, tmp_path)
    for manifest in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        for command in (
            ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "signing.pub.pem", "-rawin",
             "-in", manifest, "-sigfile", f"{manifest}.sig"],
            ["sha256sum", "--check", "--strict", "--quiet", manifest],
        ):  # fmt: skip
            subprocess.run(command, cwd=tmp_path / "pack", check=True, capture_output=True)


def change(name: str, data: bytes) -> Callable[[Files], Files]:
    return lambda files: {**files, f"pack/{name}": data}


def drop(name: str) -> Callable[[Files], Files]:
    return lambda files: {key: data for key, data in files.items() if key != f"pack/{name}"}


def sign_anew(files: Files) -> Files:
    """Another Ed25519 key over the same manifests: sound in itself, and not the company's."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    key = Ed25519PrivateKey.generate()
    signed = {
        f"pack/{name}.sig": key.sign(files[f"pack/{name}"])
        for name in ("manifest-sha256.txt", "tagmanifest-sha256.txt")
    }
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return {**files, **signed, "pack/signing.pub.pem": public}


@pytest.mark.parametrize(
    ("tamper", "named"),
    [
        (change("data/results.csv", b"outcome\nPASS\n"), "data/results.csv"),
        (drop("data/ledger.csv"), "data/ledger.csv"),
        (change("data/added.csv", b"x"), "data/added.csv"),
        (change("note.txt", b"x"), "note.txt"),
        (lambda files: {**files, "beside.txt": b"x"}, "beside.txt"),
        (change("bag-info.txt", b"Sandbox: no\n"), "bag-info.txt"),
        (change("manifest-sha256.txt", b""), "manifest-sha256.txt"),
        (change("tagmanifest-sha256.txt", b""), "tagmanifest-sha256.txt"),
        (drop("manifest-sha256.txt.sig"), "not signed"),
        (drop("tagmanifest-sha256.txt.sig"), "not signed"),
        (change("manifest-sha256.txt.sig", b"short"), "does not fit"),
        (drop("signing.pub.pem"), "signing.pub.pem"),
        (change("signing.pub.pem", b"no key"), "signing.pub.pem"),
    ],
)
def test_whatever_was_changed_is_found_and_named(
    pack: Path, tmp_path: Path, tamper: Callable[[Files], Files], named: str
) -> None:
    report = pack_check.verify_pack(zipped(tamper(unzipped(pack)), tmp_path / "changed.zip"))
    assert any(named in finding for finding in report.findings), report.findings


def test_another_key_is_found_with_the_key_received_another_way(
    pack: Path, made: WarehouseFile, tmp_path: Path
) -> None:
    key = made.evidence.folder / "keys" / "signing.pub.pem"
    changed = zipped(sign_anew(unzipped(pack)), tmp_path / "changed.zip")
    assert any("does not fit" in item for item in pack_check.verify_pack(changed, key).findings)
    assert "not who signed" in pack_check.verify_pack(changed).limit


@pytest.mark.parametrize("name", ["../evil", "/evil", "pack/../../evil", "pack\\..\\evil"])
def test_no_name_in_an_archive_leaves_the_folder(pack: Path, tmp_path: Path, name: str) -> None:
    changed = zipped({**unzipped(pack), name: b"x"}, tmp_path / "changed.zip")
    with pytest.raises(UsageError, match="leaves the pack"):
        pack_check.verify_pack(changed)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_files_of_one_name_are_refused(pack: Path, tmp_path: Path) -> None:
    changed = zipped(unzipped(pack), tmp_path / "changed.zip")
    with zipfile.ZipFile(changed, "a") as archive:
        archive.writestr("pack/data/results.csv", b"another")
    with pytest.raises(UsageError, match=r"results\.csv"):
        pack_check.verify_pack(changed)


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 broken", b"text"])
def test_what_is_no_pack_is_said_to_be_none(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(data)
    with pytest.raises(UsageError, match="expected"):
        pack_check.verify_pack(path)
    with pytest.raises(UsageError, match="not found"):
        pack_check.verify_pack(tmp_path / "nowhere.zip")
