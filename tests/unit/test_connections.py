"""Airflow's connection forms, self-hosted addresses included; the secret never shows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from muniment.connections import Connection, from_environment, parse
from muniment.errors import UsageError

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "p@ss/w:rd?#%2F-planted"
EXTRA = {"token_url": "https://login.example/a b?c=d", "private_key": "-----BEGIN\nk/+=&y\n-----"}


@pytest.mark.parametrize(
    ("text", "base", "secret"),
    [
        ("https://:TOK@example.okta.com", "https://example.okta.com", "TOK"),
        ("http://:T@127.0.0.1:8080/okta", "http://127.0.0.1:8080/okta", "T"),
        ("http://:T@http%3A%2F%2F127.0.0.1%3A8080%2Fokta", "http://127.0.0.1:8080/okta", "T"),
        ("github://:p%40ss@https%3A%2F%2Fgit.corp%2Fapi%2Fv3/", "https://git.corp/api/v3", "p@ss"),
        ("github://https://:T@git.corp%2Fapi%2Fv3:8443/", "https://git.corp:8443/api/v3", "T"),
        ("http://:T@api.github.com/https", "https://api.github.com", "T"),
        ("okta://:T@Example.Okta.com", "https://example.okta.com", "T"),
        ("http://:T@[::1]:8080/api", "http://[::1]:8080/api", "T"),
        ('{"conn_type": "http", "host": "http://h:9/x", "password": "S3"}', "http://h:9/x", "S3"),
        ('{"conn_type": "https", "host": "h", "port": 84, "password": "S3"}', "https://h:84", "S3"),
        ('{"conn_type": "http", "host": "h", "schema": "https"}', "https://h", ""),
        ('{"host": "h/api/v3", "port": "8443"}', "https://h:8443/api/v3", ""),
        ('{"host": "https://h:8443/api", "port": 8443, "schema": "v3"}', "https://h:8443/api/v3",
         ""),
    ],
)  # fmt: skip
def test_host_may_carry_scheme_port_and_base_path(text: str, base: str, secret: str) -> None:
    connection = parse("okta", text)
    assert connection.base_url == base
    assert connection.secret == secret
    assert secret not in repr(connection) or not secret


def test_a_missing_connection_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_OKTA", raising=False)
    with pytest.raises(UsageError, match="AIRFLOW_CONN_OKTA"):
        from_environment("okta")


@pytest.mark.parametrize(
    "text",
    [
        "https://:hunter2@",
        "http://h:hunter2",
        "{not json hunter2",
        '{"host": "h", "port": "hunter2"}',
        '{"host": "u:hunter2@h"}',
        '{"host": "h", "schema": "x@hunter2"}',
        '{"host": "ftp://h", "password": "hunter2"}',
        '{"host": "h:1", "port": 2, "password": "hunter2"}',
        '{"host": "h:99999", "password": "hunter2"}',
        '{"host": "h", "password": "hunter2\\n"}',
        '{"host": "h", "password": "húnter2"}',
        "hunter2",
        "https://:hunter2/x@h",
        "https://:8080/hunter2@h",
        "https://user:8080/hunter2@h",
        "https://:8080?hunter2@h",
        "https://:8080#hunter2@h",
        "https://https://https://:hunter2@h",
        "https://https//:hunter2@h/api",  # an Airflow URI that was read as a plain one
        "https://:x@u%3Ahunter2%40h",
        "https://:x@h%5C%40hunter2",
    ],
)
def test_what_cannot_be_read_is_refused_without_the_secret(text: str) -> None:
    with pytest.raises(UsageError, match="Connection 'okta': ") as caught:
        parse("okta", text)
    assert "unter2" not in str(caught.value)
    assert "https://:TOKEN@" in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize("address", ["https://u:p@h", "https://u@h", "https://h//p", "https://h/",
                                     "h", "https://h?x=1", "https://h/a b", ""])  # fmt: skip
def test_no_connection_can_have_an_address_that_hides_a_user(address: str) -> None:
    with pytest.raises(UsageError):
        Connection("okta", address, "secret")


HOSTS = {
    f"{scheme}{host}{port}{path}"
    for scheme in ("", "http://", "https://")
    for host in ("ghe.example.com", "[::1]")
    for port in ("", ":8443")
    for path in ("", "/api/v3")
}

#: makes connections with Airflow itself and reads them by both doors: as the command line does,
#: from the variable that Airflow writes, and as a task does, from the fields that Airflow reads
BOTH_DOORS = """
import json, os, sys
from dataclasses import asdict
from airflow.models.connection import Connection as Stored
from airflow.sdk import BaseHook, Connection as Handed
import muniment_plugin
from muniment.connections import from_environment
from muniment.errors import UsageError

def read(door):
    try:
        return asdict(door("github"))
    except UsageError as error:
        return str(error)

told = []
for fields in json.load(sys.stdin):
    seen = []
    stored, handed = Stored("github", **fields), Handed(conn_id="github", **fields)
    BaseHook.get_connection = lambda name: handed
    for text in (stored.get_uri(), handed.get_uri(), stored.as_json()):
        os.environ["AIRFLOW_CONN_GITHUB"] = text
        seen.append(read(from_environment))
        seen.append(read(muniment_plugin.airflow_connection))
        parsed = json.loads if text.startswith("{") else None
        again = Handed.from_json(text, "github") if parsed else Handed(conn_id="github", uri=text)
        BaseHook.get_connection = lambda name: again
        seen.append(read(muniment_plugin.airflow_connection))
        BaseHook.get_connection = lambda name: handed
    told.append(seen)
print("\\n" + json.dumps(told))
"""


@pytest.fixture(scope="module")
def airflow_environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    import airflow_home

    before = dict(os.environ)
    airflow_home.configure(tmp_path_factory.mktemp("airflow"))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "plugins"), *sys.path])}
    os.environ.clear()
    os.environ.update(before)
    return environment


def test_both_doors_give_the_connection_that_airflow_keeps(
    airflow_environment: dict[str, str],
) -> None:
    asked = [
        {"conn_type": conn_type, "host": host, "password": TOKEN, **more}
        for conn_type in ("http", "https", "github")
        for host in sorted(HOSTS)
        for more in (
            {},
            {"port": 8443},
            {"schema": "https"},
            {"schema": "v4", "login": "oauth"},
            {"extra": json.dumps(EXTRA)},
            {"extra": json.dumps({"key": EXTRA})},
        )
    ]
    done = subprocess.run(
        [sys.executable, "-c", BOTH_DOORS], input=json.dumps(asked), env=airflow_environment,
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout.strip().splitlines()[-1])
    for fields, seen in zip(asked, told, strict=True):
        extra = json.loads(str(fields.get("extra", "{}")))
        extra = {key: v if isinstance(v, str) else json.dumps(v) for key, v in extra.items()}
        login = str(fields.get("login") or "")
        wanted = asdict(Connection("github", _address(fields), TOKEN, login, extra))
        assert seen == [wanted] * 9, fields
    assert TOKEN not in done.stderr


def _address(fields: dict[str, object]) -> str:
    """What a person would write for these fields."""
    scheme, _, rest = str(fields["host"]).rpartition("://")
    host, _, path = rest.partition("/")
    port = "" if ":8443" in host or "port" not in fields else ":8443"
    schema = str(fields.get("schema", ""))
    usual = "http" if fields["conn_type"] == "http" else "https"
    scheme = scheme or ("https" if schema == "https" else usual)
    parts = [part for part in (path, "" if schema == "https" else schema) if part]
    return "/".join([f"{scheme}://{host}{port}", *parts])


@pytest.mark.parametrize(
    "text",
    [
        "https://:T@h/?token_url=https%3A%2F%2Fl%2Ft&client_secret=planted-%26-one",
        "https://:T@h/?__extra__=%7B%22token_url%22%3A%20%22https%3A%2F%2Fl%2Ft%22%2C%20%22"
        "client_secret%22%3A%20%22planted-%26-one%22%7D",
        '{"host": "h", "password": "T", "extra": {"token_url": "https://l/t", '
        '"client_secret": "planted-&-one"}}',
        '{"host": "h", "password": "T", "extra": "{\\"token_url\\": \\"https://l/t\\", '
        '\\"client_secret\\": \\"planted-&-one\\"}"}',
    ],
)
def test_the_extra_is_read_in_every_form_and_its_values_never_show(text: str) -> None:
    connection = parse("okta", text)
    assert connection.base_url == "https://h"
    assert connection.extra == {"token_url": "https://l/t", "client_secret": "planted-&-one"}
    assert connection.secrets == ("T", "planted-&-one")
    assert "planted" not in repr(connection)


@pytest.mark.parametrize("extra", ["[1]", "{planted", '"planted"'])
def test_an_extra_that_is_no_object_is_refused_without_showing_it(extra: str) -> None:
    with pytest.raises(UsageError, match="its extra is not a JSON object") as caught:
        parse("okta", json.dumps({"host": "h", "password": "T", "extra": extra}))
    assert "planted" not in str(caught.value)


def test_only_what_is_named_like_one_is_certain_to_be_a_secret() -> None:
    extra = {"token_url": "https://l/t", "private_key": "a", "aws_session_token": "b", "stage": "c"}
    connection = Connection("x", "https://h", "T", "", extra)
    assert (connection.secrets, connection.doubtful) == (("T", "a", "b"), ("c",))
