"""Access tokens: what is sent to the token address and nowhere else, and that nothing shows."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from urllib.parse import parse_qs

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc import jwk, jwt

from http_source import TOKEN, Answer, Asked, HttpSource, in_turn, serving
from muniment import tokens
from muniment.collection import Request
from muniment.connections import Connection
from muniment.errors import SourceError, TransientSourceError, UsageError
from muniment.retries import Patience
from muniment.transport import Client

SECRET = "planted-client-secret-7f3a"
FRESH = "planted-access-token-91bd"
KEY = rsa.generate_private_key(65537, 2048)
PEM = KEY.private_bytes(
    serialization.Encoding.PEM,
    serialization.PrivateFormat.PKCS8,
    serialization.NoEncryption(),
).decode()
GRANTED = Answer({"access_token": FRESH, "expires_in": 3599, "token_type": "Bearer"})
SCOPE = "https://scope.example/read"


@pytest.fixture
def source() -> Iterator[HttpSource]:
    with serving(lambda asked: Answer([])) as server:
        yield server


@pytest.fixture
def login() -> Iterator[HttpSource]:
    with serving(lambda asked: GRANTED) as server:
        yield server


class Talk:
    def __init__(self, source: HttpSource, login: HttpSource, **extra: str) -> None:
        self.requests: list[Request] = []
        self.waits: list[float] = []
        connection = Connection(
            "the_connection", source.url, "", extra={"token_url": f"{login.url}/token", **extra}
        )
        patience = Patience(sleep=self.waits.append)
        self.client = Client(connection, None, self.requests.append, patience)


def form(asked: Asked) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}


def test_a_connection_without_token_address_holds_a_ready_token(source: HttpSource) -> None:
    client = Client(source.connection(), None, lambda request: None)
    tokens.authorise(client, SCOPE)
    client.get("/x", "/x")
    assert source.asked[0].headers["Authorization"] == f"Bearer {TOKEN}"


def test_client_credentials_are_exchanged_for_a_token(
    source: HttpSource, login: HttpSource
) -> None:
    talk = Talk(source, login, client_id="the-client", client_secret=SECRET)
    tokens.authorise(talk.client, SCOPE, {"ConsistencyLevel": "eventual"})
    for _ in range(2):
        talk.client.get("/x", "/x")
    (asked,) = login.asked  # one token for both
    assert (asked.method, asked.path) == ("POST", "/token")
    assert asked.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert "Authorization" not in asked.headers
    assert form(asked) == {
        "grant_type": "client_credentials", "client_id": "the-client", "client_secret": SECRET,
        "scope": SCOPE,
    }  # fmt: skip
    assert [one.headers["Authorization"] for one in source.asked] == [f"Bearer {FRESH}"] * 2
    assert source.asked[0].headers["ConsistencyLevel"] == "eventual"
    noted = [(request.method, request.template, request.parameters) for request in talk.requests]
    assert noted[0] == ("POST", "(token address)", {})


def test_a_service_account_asks_in_a_user_s_name(source: HttpSource, login: HttpSource) -> None:
    talk = Talk(
        source, login, private_key=PEM.replace("\n", "\\n"), client_email="robot@p.example",
        subject="admin@harbourline.example",
    )  # fmt: skip
    tokens.authorise(talk.client, SCOPE)
    sent = form(login.asked[0])
    assert sent["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
    token = jwt.decode(sent["assertion"], jwk.RSAKey.import_key(KEY.public_key()))
    assert token.header["alg"] == "RS256"
    claims = token.claims
    assert {name: claims[name] for name in ("iss", "sub", "aud", "scope")} == {
        "iss": "robot@p.example", "sub": "admin@harbourline.example",
        "aud": f"{login.url}/token", "scope": SCOPE,
    }  # fmt: skip
    assert claims["exp"] - claims["iat"] == 3600


def test_a_token_is_got_again_before_it_ends(
    source: HttpSource, login: HttpSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some token addresses give the same token again while it lasts."""
    talk = Talk(source, login, client_id="the-client", client_secret=SECRET)
    now = [1000.0]
    monkeypatch.setattr("muniment.tokens.time.monotonic", lambda: now[0])
    tokens.authorise(talk.client, SCOPE)
    talk.client.get("/x", "/x")
    now[0] += 3500
    talk.client.get("/x", "/x")
    assert len(login.asked) == 2


@pytest.mark.parametrize(
    ("answers", "said", "kind"),
    [
        ([Answer({"error": "invalid_client", "error_description": "Bad " + SECRET}, 401)],
         "own credential", SourceError),
        ([Answer({"error": "invalid_client", "error_description": "Unknown client"}, 401)],
         r"HTTP 401 \(Unknown client\)", SourceError),
        ([Answer({"error": "invalid_grant"}, 400)], r"HTTP 400 \(invalid_grant\)", SourceError),
        ([Answer({"token": "x"})], "no usable access_token", SourceError),
        ([Answer(b"<html>", media_type="text/html")], "expected JSON", SourceError),
        ([Answer(status=307, headers=[("Location", "http://evil.example/")])], "redirect",
         SourceError),
        ([Answer({}, 503)], "HTTP 503", TransientSourceError),
    ],
)  # fmt: skip
def test_an_address_that_gives_no_token_says_why(
    source: HttpSource, login: HttpSource, answers: list[Answer], said: str, kind: type[Exception]
) -> None:
    login.reply = in_turn(*answers)
    talk = Talk(source, login, client_id="the-client", client_secret=SECRET)
    with pytest.raises(kind, match=said) as raised:
        tokens.authorise(talk.client, SCOPE)
    assert SECRET not in str(raised.value)
    assert source.asked == []


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        ({"client_id": "the-client"}, "client_id and client_secret, or private_key"),
        ({"private_key": PEM}, "not client_email"),
        ({"private_key": "planted no key", "client_email": "r@p.example"}, "no readable RSA key"),
        ({"token_url": "http://login.example/t", "client_id": "c", "client_secret": SECRET},
         "expected https"),
    ],
)  # fmt: skip
def test_a_connection_that_lacks_something_says_what(
    source: HttpSource, login: HttpSource, extra: dict[str, str], said: str
) -> None:
    with pytest.raises(UsageError, match=said) as raised:
        tokens.authorise(Talk(source, login, **extra).client, SCOPE)
    assert "planted" not in str(raised.value)
    assert login.asked == []


def test_no_part_of_it_shows_anywhere(
    source: HttpSource, login: HttpSource, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    talk = Talk(source, login, client_id="the-client", client_secret=SECRET, private_key=PEM,
                client_email="robot@p.example")  # fmt: skip
    tokens.authorise(talk.client, SCOPE)
    source.reply = lambda asked: Answer({"message": asked.headers["Authorization"]}, 403)
    with pytest.raises(SourceError, match="own credential") as raised:
        talk.client.get("/x", "/x")
    seen = " ".join([str(raised.value), repr(talk.requests), json.dumps(caplog.messages)])
    line = PEM.splitlines()[3]
    for secret in (FRESH, SECRET, line, form(login.asked[0])["assertion"]):
        assert secret not in seen
