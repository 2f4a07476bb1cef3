"""Transport: whole bodies, one origin, no credential where it does not belong."""

from __future__ import annotations

import datetime as dt
import hashlib
import ipaddress
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from requests import PreparedRequest

from http_source import TOKEN, Answer, Asked, HttpSource, in_turn, serving
from muniment.collection import Request
from muniment.errors import SourceError, TransientSourceError, UsageError
from muniment.origins import is_same_origin
from muniment.retries import Patience
from muniment.transport import Client, Response


@pytest.fixture
def source() -> Iterator[HttpSource]:
    with serving() as server:
        yield server


class Talk:
    """A client whose waits are only written down, with everything that it noted."""

    def __init__(self, source: HttpSource, ca: str | None = None, base_path: str = "") -> None:
        self.requests: list[Request] = []
        self.waits: list[float] = []
        patience = Patience(sleep=self.waits.append)
        self.client = Client(
            source.connection(base_path), ca, self.requests.append, patience
        )  # fmt: skip


def test_body_comes_whole_and_the_request_is_noted(source: HttpSource) -> None:
    source.reply = lambda asked: Answer([{"id": 1}], is_gzip=True)
    talk = Talk(source, base_path="/okta")
    response = talk.client.get("/users/00u1", "/users/{id}", {"limit": "2"})
    assert response.array() == [{"id": 1}]
    assert response.body == b'[{"id": 1}]'
    assert source.asked[0].path == "/okta/users/00u1"
    assert source.asked[0].headers["Authorization"] == f"Bearer {TOKEN}"
    noted = talk.requests[0]
    assert (noted.method, noted.template, noted.parameters) == (
        "GET",
        "/users/{id}",
        {"limit": "2"},
    )
    assert (noted.status, noted.bytes) == (200, len(response.body))
    assert noted.server_date == response.server_date


def test_requests_share_one_connection(source: HttpSource) -> None:
    source.reply = lambda asked: Answer([])
    client = Talk(source).client
    for _ in range(5):
        client.get("/x", "/x")
    assert len({asked.client_port for asked in source.asked}) == 1


@pytest.mark.parametrize(
    "cut",
    [
        Answer([{"id": n} for n in range(99)], cut_at=40),
        Answer([{"id": n} for n in range(99)], cut_at=40, is_chunked=True),
        Answer([{"id": n} for n in range(99)], cut_at=0),
        Answer(b"\x1f\x8b\x08broken", headers=[("Content-Encoding", "gzip")]),
    ],
    ids=["short of its length", "chunk cut", "no body at all", "broken compression"],
)
def test_a_body_that_is_not_whole_is_asked_for_again(source: HttpSource, cut: Answer) -> None:
    source.reply = in_turn(cut, Answer([{"id": 7}]))
    talk = Talk(source)
    assert talk.client.get("/x", "/x").array() == [{"id": 7}]
    assert len(source.asked) == 2
    source.reply = lambda asked: cut
    with pytest.raises(TransientSourceError, match="GET /x"):
        talk.client.get("/x", "/x")


def test_an_unreachable_source_is_transient() -> None:
    with serving() as source:
        talk = Talk(source)
    with pytest.raises(TransientSourceError, match="no connection"):
        talk.client.get("/x", "/x")
    assert [request.status for request in talk.requests] == [0] * 5


@pytest.mark.parametrize(
    ("body", "media_type", "said"),
    [
        (b"<!DOCTYPE html><title>Sign in</title>", "text/html", "<!DOCTYPE html><title>Sign in"),
        (b'[{"id": 1}, {"id": 2, "login": "jane@example.com', "application/json", "cut short"),
        (b"", "application/json", "empty body"),
        (b"\xff\xfe\x00{", "application/json", "expected JSON"),
        (b"[" * 200_000, "application/json", "nested too deeply"),
        (b"{}", "application/json", "array of objects"),
        (b"[1, 2]", "application/json", "array of objects"),
    ],
)
def test_what_came_instead_of_json_is_said(
    source: HttpSource, body: bytes, media_type: str, said: str
) -> None:
    source.reply = lambda asked: Answer(body, media_type=media_type)
    response = Talk(source).client.get("/users", "/users")
    assert response.body == body  # there to be kept, whatever it is
    with pytest.raises(SourceError, match=said) as raised:
        response.array()
    assert "jane@example.com" not in str(raised.value)
    assert not isinstance(raised.value, TransientSourceError)


def test_links_of_several_headers_are_read(source: HttpSource) -> None:
    def reply(asked: Asked) -> Answer:
        if "after" in asked.query:
            return Answer([])
        links = [
            ("Link", f'<{source.url}/logs?limit=2>; rel="self"'),
            ("Link", f'<{source.url}/logs?after=a;b,c&limit=2>; title="x=1"; rel="last next"'),
        ]
        return Answer([{"id": 1}], headers=links)

    source.reply = reply
    pages = list(Talk(source).client.pages("/logs", "/logs"))
    assert [page.array() for page in pages] == [[{"id": 1}], []]
    assert source.asked[1].query == {"after": "a;b,c", "limit": "2"}


def test_a_next_link_may_take_another_path_of_the_same_origin(source: HttpSource) -> None:
    def reply(asked: Asked) -> Answer:
        if asked.path == "/repositories/42/pulls":
            return Answer([{"id": 2}])
        link = f'<{source.url}/repositories/42/pulls?page=2>; rel="next"'
        return Answer([{"id": 1}], headers=[("Link", link)])

    source.reply = reply
    pages = Talk(source).client.pages("/repos/o/r/pulls", "/repos/{owner}/{repo}/pulls")
    assert [page.array()[0]["id"] for page in pages] == [1, 2]


def test_a_repeated_next_link_is_a_failure(source: HttpSource) -> None:
    def reply(asked: Asked) -> Answer:
        page = asked.query.get("page", "1")
        following = {"1": "2", "2": "3", "3": "2"}[page]
        link = f'<{source.url}/x?page={following}>; rel="next"'
        return Answer([{"page": page}], headers=[("Link", link)])

    source.reply = reply
    with pytest.raises(SourceError, match="next link of page 3 repeats"):
        list(Talk(source).client.pages("/x", "/x", {"page": "1"}))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_stay_on_the_origin(source: HttpSource, status: int) -> None:
    with serving(lambda asked: Answer([])) as stranger:

        def reply(asked: Asked) -> Answer:
            target = {"/away": stranger.url + "/x", "/here": "/there"}.get(asked.path)
            return Answer(status=status, headers=[("Location", target)]) if target else Answer([])

        source.reply = reply
        talk = Talk(source)
        assert talk.client.get("/here", "/here").array() == []
        with pytest.raises(SourceError, match="credential not sent"):
            talk.client.get("/away", "/away")
        assert stranger.asked == []


def test_a_circle_of_redirects_ends(source: HttpSource) -> None:
    source.reply = lambda asked: Answer(status=302, headers=[("Location", "/x")])
    with pytest.raises(SourceError, match="redirects"):
        Talk(source).client.get("/x", "/x")


@pytest.mark.parametrize(
    "target",
    [
        "http://localhost:{port}/x",
        "http://127.0.0.1:1/x",
        "https://127.0.0.1:{port}/x",
        "http://user@127.0.0.1:{port}/x",
        "http://127.0.0.1:{port}\\@evil.example/x",
        "http://127.0.0.1:{port}@evil.example/x",
        "http://127.0.0.1:{port}.evil.example/x",
        "//evil.example/x",
        "http://127.0.0.1:99999/x",
        "file:///etc/passwd",
    ],
)
def test_no_link_leads_the_collector_away(source: HttpSource, target: str) -> None:
    port = source.url.rpartition(":")[2]
    link = f'<{target.replace("{port}", port)}>; rel="next"'
    source.reply = lambda asked: Answer([{"id": 1}], headers=[("Link", link)])
    pages = Talk(source).client.pages("/x", "/x")
    assert next(pages).array() == [{"id": 1}]
    with pytest.raises(SourceError, match="not followed"):
        next(pages)
    assert len(source.asked) == 1


def test_the_credential_shows_up_nowhere(source: HttpSource) -> None:
    def reply(asked: Asked) -> Answer:
        echoed = asked.headers.get("Authorization", "")
        links = [("Link", f'<{source.url}/next?token={TOKEN}>; rel="next"'), ("X-Echo", echoed)]
        if asked.path == "/refused":
            return Answer({"message": f"bad {echoed}"}, status=403, headers=links)
        if asked.path == "/html":
            return Answer(b"<html>ok</html>", headers=links)
        if asked.path == "/away":
            return Answer(status=302, headers=[("Location", f"http://{TOKEN}.example/")])
        return Answer({"said": echoed}, headers=links)

    source.reply = reply
    talk = Talk(source)
    told = [talk.client.get("/html", "/html")]
    for path in ("/refused", "/away", "/body"):
        with pytest.raises(SourceError) as raised:
            talk.client.get(f"{path}?token={TOKEN}", path)
        told.append(raised.value)
    seen = " ".join([*map(repr, told), *map(repr, talk.requests), str(dict(told[0].headers))])
    assert TOKEN not in seen
    assert "own credential" in str(told[-1])


def test_a_netrc_file_does_not_replace_the_credential(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.2 login somebody password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("NO_PROXY", "127.0.0.2")
    with serving(lambda asked: Answer([]), host="127.0.0.2") as source:
        Talk(source).client.get("/x", "/x")
        assert source.asked[0].headers["Authorization"] == f"Bearer {TOKEN}"


def test_plain_http_is_not_verified(source: HttpSource) -> None:
    source.reply = lambda asked: Answer([])
    talk = Talk(source)
    talk.client.get("/x", "/x")
    origin = talk.client.origin()
    assert (origin.scheme, origin.host) == ("http", source.url.removeprefix("http://"))
    assert (origin.is_verified, origin.is_ca_verified, origin.tls_key_sha256) == (
        False,
        False,
        None,
    )
    assert origin.credential_id == "the_connection"


def _certificate(folder: Path) -> tuple[Path, str]:
    """A self-signed authority for 127.0.0.1, and its key's hash by the cryptography library."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    start = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    built = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(start).not_valid_after(start + dt.timedelta(days=9))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    encoding, raw = serialization.Encoding, serialization.PrivateFormat.PKCS8
    private = key.private_bytes(encoding.PEM, raw, serialization.NoEncryption())
    file = folder / "authority.pem"
    file.write_bytes(built.public_bytes(encoding.PEM))
    (folder / "server.pem").write_bytes(private + built.public_bytes(encoding.PEM))
    spki = key.public_key().public_bytes(
        encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return file, hashlib.sha256(spki).hexdigest()


def test_a_private_authority_must_be_named(tmp_path: Path) -> None:
    authority, key_sha256 = _certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem")
    source = HttpSource(lambda asked: Answer([]))
    source.use_tls(context)
    source.start()
    try:
        with pytest.raises(SourceError, match="trusted_private_ca"):
            Talk(source).client.get("/x", "/x")
        assert source.asked == []  # the credential was never sent
        talk = Talk(source, str(authority))
        talk.client.get("/x", "/x")
        origin = talk.client.origin()
        assert origin.tls_key_sha256 == key_sha256
        assert (origin.is_ca_verified, origin.is_verified) == (True, True)
    finally:
        source.stop()


def test_an_unreadable_private_authority_is_a_usage_error(
    source: HttpSource, tmp_path: Path
) -> None:
    broken = tmp_path / "ca.pem"
    broken.write_text("no certificate")
    with pytest.raises(UsageError, match="trusted_private_ca"):
        Talk(source, str(broken))


@pytest.mark.parametrize(
    ("url", "is_same"),
    [
        ("http://[::1]:80/x", True),
        ("http://[::1]/y", True),
        ("HTTP://[::1]:80/x", True),
        ("http://[::2]:80/x", False),
        ("https://[::1]:80/x", False),
    ],
)
def test_origins_of_ipv6_addresses_are_compared_too(url: str, is_same: bool) -> None:
    assert is_same_origin(url, "http://[::1]:80/base") is is_same


def test_pages_may_be_named_in_the_body(source: HttpSource) -> None:
    def reply(asked: Asked) -> Answer:
        following = {None: "t&2", "t&2": "t3", "t3": None}[asked.query.get("pageToken")]
        return Answer({"items": [asked.query.get("pageToken")], "nextPageToken": following})

    def follow(response: Response) -> str | None:
        token = response.object().get("nextPageToken")
        return response.url_with(pageToken=token) if token else None

    source.reply = reply
    talk = Talk(source, base_path="/base")
    pages = talk.client.pages("/x", "/x", {"maxResults": "5"}, follow=follow)
    assert [page.object()["items"] for page in pages] == [[None], ["t&2"], ["t3"]]
    assert {asked.path for asked in source.asked} == {"/base/x"}
    assert source.asked[2].query == {"maxResults": "5", "pageToken": "t3"}
    assert talk.requests[1].parameters == {"maxResults": "5", "pageToken": "(cursor)"}


@pytest.mark.parametrize("target", ["/y?page=2", "?page=2", "{url}/y?page=2"])
def test_a_followed_address_may_be_relative(source: HttpSource, target: str) -> None:
    source.reply = lambda asked: Answer([])
    pages = Talk(source).client.pages(
        "/y", "/y", follow=lambda r: None if "page" in r.url else target.format(url=source.url)
    )
    assert len(list(pages)) == 2
    assert (source.asked[1].path, source.asked[1].query) == ("/y", {"page": "2"})


def test_a_followed_token_that_repeats_is_a_failure(source: HttpSource) -> None:
    source.reply = lambda asked: Answer([])
    with pytest.raises(SourceError, match="next link of page 2 repeats"):
        list(Talk(source).client.pages("/x", "/x", follow=lambda r: r.url_with(pageToken="t")))


def test_a_refused_first_page_is_not_followed(source: HttpSource) -> None:
    source.reply = lambda asked: Answer({"message": "no"}, 404)
    pages = Talk(source).client.pages("/x", "/x", ok=(200, 404), follow=lambda r: "/y")
    assert [page.status for page in pages] == [404]


def test_a_listed_post_is_sent_and_noted_without_its_body(source: HttpSource) -> None:
    source.reply = in_turn(Answer({}, 500), Answer({"data": 1}))
    requests: list[Request] = []
    client = Client(
        source.connection(), None, requests.append, Patience(sleep=lambda s: None), ("/graphql",)
    )
    found = client.post("/graphql", "/graphql", {"query": "jane@example.com"})
    assert found.object() == {"data": 1}
    asked = source.asked[1]
    assert (asked.method, asked.body) == ("POST", b'{"query": "jane@example.com"}')
    assert asked.headers["Content-Type"] == "application/json"
    assert asked.headers["Authorization"] == f"Bearer {TOKEN}"
    assert [(one.method, one.template, one.parameters) for one in requests] == [
        ("POST", "/graphql", {})
    ] * 2
    with pytest.raises(ValueError, match="read_only_posts"):
        client.post("/users", "/users", {})
    assert len(source.asked) == 2


def test_a_post_is_never_redirected(source: HttpSource) -> None:
    source.reply = lambda asked: Answer(status=307, headers=[("Location", "/there")])
    client = Client(source.connection(), None, lambda request: None, None, ("/x",))
    with pytest.raises(SourceError, match="POST /x: answered with a redirect"):
        client.post("/x", "/x", {})
    assert len(source.asked) == 1


def test_the_credential_goes_where_the_vendor_wants_it(source: HttpSource) -> None:
    source.reply = lambda asked: Answer([])
    client = Talk(source).client
    client.authorise_in("PRIVATE-TOKEN")
    client.get("/x", "/x")
    assert source.asked[0].headers["PRIVATE-TOKEN"] == TOKEN
    assert "Authorization" not in source.asked[0].headers


def test_a_signer_sees_the_request_and_what_it_hides_stays_hidden(source: HttpSource) -> None:
    def sign(request: PreparedRequest) -> None:
        request.headers["X-Signature"] = f"signed-{request.method}-{request.path_url}"

    talk = Talk(source)
    talk.client.sign_with(sign)
    talk.client.hide("signed-GET-/x")
    source.reply = lambda asked: Answer({"message": asked.headers["X-Signature"]}, 403)
    with pytest.raises(SourceError, match="own credential") as raised:
        talk.client.get("/x", "/x")
    assert source.asked[0].headers["X-Signature"] == "signed-GET-/x"
    assert "signed-" not in str(raised.value)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"error": {"code": 403, "message": "Not Authorized", "errors": [{"reason": "forbidden"}]}},
         "Not Authorized forbidden"),
        ({"error": {"code": "Forbidden", "message": "No license"}}, "No license Forbidden"),
        ({"message": "403 Forbidden"}, "403 Forbidden"),
        ({"message": {"id": ["is invalid"]}}, '{"id": ["is invalid"]}'),
        ({"error": "insufficient_scope"}, "insufficient_scope"),
        ({"kind": "Status", "message": "pods is forbidden", "code": 403}, "pods is forbidden"),
        ([1], ""),
    ],
)  # fmt: skip
def test_every_vendor_s_own_words_are_found(source: HttpSource, body: object, said: str) -> None:
    source.reply = lambda asked: Answer(body, 403)
    with pytest.raises(SourceError) as raised:
        Talk(source).client.get("/x", "/x")
    assert (f"HTTP 403 ({said})." if said else "HTTP 403. ") in str(raised.value)


def test_what_may_be_a_secret_is_hidden_but_ends_no_reading(source: HttpSource) -> None:
    """A connection may note `environment: production`, and answers speak of production too."""
    extra = {"environment": "production", "api_key": "planted-key-5150"}
    link = f'<{source.url}/x?environment=production&page=2>; rel="next"'
    source.reply = in_turn(
        Answer({"on": "production"}, headers=[("Link", link)]),
        Answer({"message": "no production"}, 403),
    )
    requests: list[Request] = []
    client = Client(source.connection(extra=extra), None, requests.append)
    pages = client.pages("/x", "/x")
    assert next(pages).object() == {"on": "production"}
    with pytest.raises(SourceError, match=r"no \*\*\*"):
        next(pages)
    assert source.asked[1].query == {"environment": "production", "page": "2"}
    assert requests[1].parameters == {"environment": "***", "page": "2"}
    source.reply = lambda asked: Answer({"key": "planted-key-5150"})
    with pytest.raises(SourceError, match="own credential"):
        client.get("/x", "/x")
