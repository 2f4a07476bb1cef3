"""Airflow's connection forms, self-hosted addresses included; the secret never shows."""

from __future__ import annotations

import pytest

from muniment.connections import from_environment, parse_uri
from muniment.errors import UsageError


@pytest.mark.parametrize(
    ("uri", "base", "secret"),
    [
        ("https://:TOK@example.okta.com", "https://example.okta.com", "TOK"),
        ("http://:T@127.0.0.1:8080/okta", "http://127.0.0.1:8080/okta", "T"),
        ("http://:T@http%3A%2F%2F127.0.0.1%3A8080%2Fokta", "http://127.0.0.1:8080/okta", "T"),
        ("github://:p%40ss@https%3A%2F%2Fgit.corp%2Fapi%2Fv3/", "https://git.corp/api/v3", "p@ss"),
        ("http://:T@api.github.com/https", "https://api.github.com", "T"),
        ('{"conn_type": "http", "host": "http://h:9/x", "password": "S3"}', "http://h:9/x", "S3"),
        ('{"conn_type": "https", "host": "h", "port": 84, "password": "S3"}', "https://h:84", "S3"),
    ],
)  # fmt: skip
def test_host_may_carry_scheme_port_and_base_path(uri: str, base: str, secret: str) -> None:
    connection = parse_uri("okta", uri)
    assert connection.base_url == base
    assert connection.secret == secret
    assert secret not in repr(connection)


def test_a_missing_connection_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_OKTA", raising=False)
    with pytest.raises(UsageError, match="AIRFLOW_CONN_OKTA"):
        from_environment("okta")


@pytest.mark.parametrize("uri", ["https://:T@", "http://h:notaport", "{not json"])
def test_what_cannot_be_read_is_refused_without_the_secret(uri: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_uri("okta", uri)
    assert ":T@" not in str(caught.value)
