"""Where the simulated company's access tokens come from: `/_token/<vendor>`.

Google's are given for an assertion that a service account has signed, Microsoft's for a client's
secret. The account's key is drawn when it is first asked for: no data depends on it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from muniment.sandbox.answers import Answer, Question, document

TOKENS = "_token"
LIFETIME_S = 3600
#: vendor -> how its tokens are asked for; every other vendor's token is the password itself
SIGNED, SECRET = ("google",), ("entra", "azure")
ROBOT = "evidence@harbourline.iam.gserviceaccount.com"
ADMINISTRATOR = "evidence-reader@harbourline.example"
CLIENT_ID = "7d1f0c5e-90a4-4b6e-8f1a-harbourline01"


class TokenDoor:
    """Gives every vendor's token to whoever shows what its connection holds."""

    def __init__(self, token: Callable[[str], str]) -> None:
        """`token`: the token that a vendor accepts."""
        self._token = token

    def extra_of(self, vendor: str, url: str) -> dict[str, str]:
        """The extra of a vendor's connection; empty where its password is the token."""
        token_url = f"{url}/{TOKENS}/{vendor}"
        if vendor in SIGNED:
            pem = self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            return {
                "token_url": token_url,
                "client_email": ROBOT,
                "private_key": pem.decode(),
                "subject": ADMINISTRATOR,
            }
        if vendor in SECRET:
            secret = self._secret(vendor)
            return {"token_url": token_url, "client_id": CLIENT_ID, "client_secret": secret}
        return {}

    def answer(self, question: Question) -> Answer:
        """A token, or an error as RFC 6749 writes it."""
        vendor, form = question.path.removeprefix("/"), question.form()
        if question.method != "POST" or vendor not in (*SIGNED, *SECRET):
            return document({"error": "invalid_request"}, 404)
        if vendor in SIGNED:
            address = f"{question.root}{question.path}"
            is_known = self._is_signed(form.get("assertion", ""), address)
        else:
            is_known = form.get("client_secret") == self._secret(vendor)
        if not is_known:
            return self.refused()
        token = {"access_token": self._token(vendor), "token_type": "Bearer"}
        return document({**token, "expires_in": LIFETIME_S})

    def refused(self) -> Answer:
        """The answer to somebody unknown."""
        what = "The client is not known, or its assertion is not its own."
        return document({"error": "invalid_client", "error_description": what}, 401)

    def _is_signed(self, assertion: str, address: str) -> bool:
        from joserfc import jwt  # heavy: only where a token is asked for
        from joserfc.errors import JoseError
        from joserfc.jwk import RSAKey

        try:
            claims = jwt.decode(assertion, RSAKey.import_key(self._key.public_key())).claims
        except (JoseError, ValueError):
            return False
        named = (claims.get("iss"), claims.get("sub"), claims.get("aud"))
        is_short = 0 < claims.get("exp", 0) - claims.get("iat", 0) <= LIFETIME_S
        return named == (ROBOT, ADMINISTRATOR, address) and is_short and bool(claims.get("scope"))

    def _secret(self, vendor: str) -> str:
        return f"secret-of-{self._token(vendor)}"

    @cached_property
    def _key(self) -> rsa.RSAPrivateKey:
        return rsa.generate_private_key(65537, 2048)
