"""Keys are made once and kept safe; stock openssl accepts what they sign."""

from __future__ import annotations

import base64
import hashlib
import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from muniment import signing
from muniment.errors import EvidenceError, UsageError
from muniment.storage import Store

PLUGINS = Path(__file__).resolve().parents[2] / "plugins"
MAKE_KEY = """
import sys
sys.path.insert(0, sys.argv[2])
from muniment import signing
from muniment.storage import Store
print(signing.key_id(signing.FileSigner(Store(sys.argv[1])).public_key))
"""


def _accepts(openssl: str, folder: Path, data: bytes, signature: bytes) -> int:
    (folder / "data").write_bytes(data)
    (folder / "sig").write_bytes(signature)
    command = [openssl, "pkeyutl", "-verify", "-pubin", "-inkey", "keys/signing.pub.pem"]
    files = ["-rawin", "-in", "data", "-sigfile", "sig"]
    return subprocess.run([*command, *files], cwd=folder, check=False).returncode


def test_openssl_accepts_the_signature_and_refuses_other_bytes(
    tmp_path: Path, openssl: str
) -> None:
    by = signing.signer(Store(tmp_path))
    signature = by.sign(b"exactly these bytes")
    assert _accepts(openssl, tmp_path, b"exactly these bytes", signature) == 0
    assert _accepts(openssl, tmp_path, b"exactly these bytez", signature) != 0
    assert signing.is_signed(b"exactly these bytes", signature, by.public_key)
    assert not signing.is_signed(b"exactly these bytez", signature, by.public_key)
    assert not by.is_witness


def test_private_files_are_readable_by_their_owner_alone(tmp_path: Path) -> None:
    signing.signer(Store(tmp_path))
    signing.pseudonym_key(Store(tmp_path))
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.rglob("*")}
    assert (modes["keys"], modes["signing.pem"], modes["pseudonym.key"]) == (0o700, 0o600, 0o600)
    assert (tmp_path / "keys/signing.pem").read_text().startswith("-----BEGIN PRIVATE KEY-----")
    assert (tmp_path / "keys/signing.pub.pem").read_text().startswith("-----BEGIN PUBLIC KEY-----")


def test_several_first_users_end_with_one_key(tmp_path: Path) -> None:
    children = [
        subprocess.Popen(
            [sys.executable, "-c", MAKE_KEY, str(tmp_path), str(PLUGINS)],
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    named = {child.communicate(timeout=60)[0].strip() for child in children}
    assert named == {signing.key_id(signing.public_key(Store(tmp_path)))}
    assert sorted(path.name for path in (tmp_path / "keys").iterdir()) == [
        "signing.pem",
        "signing.pub.pem",
    ]


def test_a_key_that_others_can_read_is_not_used(tmp_path: Path) -> None:
    signing.signer(Store(tmp_path))
    (tmp_path / "keys/signing.pem").chmod(0o644)
    with pytest.raises(UsageError, match="chmod 600"):
        signing.signer(Store(tmp_path))


def test_a_lost_or_exchanged_key_is_never_replaced_silently(tmp_path: Path) -> None:
    signing.signer(Store(tmp_path / "a"))
    signing.signer(Store(tmp_path / "b"))
    private, public = tmp_path / "a/keys/signing.pem", tmp_path / "a/keys/signing.pub.pem"
    secret = private.read_bytes()

    private.unlink()
    with pytest.raises(EvidenceError, match="backup"):
        signing.signer(Store(tmp_path / "a"))
    private.write_bytes(secret)
    private.chmod(0o600)
    public.write_bytes((tmp_path / "b/keys/signing.pub.pem").read_bytes())
    with pytest.raises(EvidenceError, match="does not belong"):
        signing.signer(Store(tmp_path / "a"))


def test_an_envelope_opens_only_as_it_was_signed(tmp_path: Path, openssl: str) -> None:
    by, other = signing.signer(Store(tmp_path / "a")), signing.signer(Store(tmp_path / "b"))
    sealed = signing.envelope(by, {"number": 7, "name": "Zoë"})
    assert signing.open_envelope(sealed, by.public_key) == {"number": 7, "name": "Zoë"}

    parts = json.loads(sealed)
    assert (
        _accepts(
            openssl, tmp_path / "a", parts["body"].encode(), base64.b64decode(parts["signature"])
        )
        == 0
    )
    with pytest.raises(EvidenceError, match="expected"):
        signing.open_envelope(sealed, other.public_key)
    edited = json.dumps(parts | {"body": parts["body"].replace("7", "8")}).encode()
    with pytest.raises(EvidenceError, match="does not fit"):
        signing.open_envelope(edited, by.public_key)
    for broken in (b"", b"{}", b"[1]", sealed[:-20]):
        with pytest.raises(EvidenceError, match="not a signed file"):
            signing.open_envelope(broken, by.public_key)


def test_pseudonyms_are_stable_under_one_key_and_unlinked_under_another(tmp_path: Path) -> None:
    key = signing.pseudonym_key(Store(tmp_path / "a"))
    assert signing.pseudonym_key(Store(tmp_path / "a")) == key
    assert len(key) == 32
    mark = signing.pseudonym(key, "p-001")
    assert mark == signing.pseudonym(key, "p-001")
    other = signing.pseudonym(signing.pseudonym_key(Store(tmp_path / "b")), "p-001")
    plain = hashlib.sha256(b"p-001").hexdigest()[:32]
    assert len({mark, signing.pseudonym(key, "p-002"), other, plain}) == 4


def test_a_first_use_that_was_killed_before_the_export_goes_on(tmp_path: Path) -> None:
    key = signing.signer(Store(tmp_path)).public_key
    (tmp_path / "keys/signing.pub.pem").unlink()
    with pytest.raises(EvidenceError, match="missing"):
        signing.public_key(Store(tmp_path))
    assert signing.signer(Store(tmp_path)).public_key == key
    assert signing.public_key(Store(tmp_path)) == key
