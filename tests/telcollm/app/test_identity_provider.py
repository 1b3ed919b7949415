"""Laws of an identity provider's tokens: the issuer's, for us, in force, well signed, or not let in."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey
from starlette.testclient import TestClient

from telcollm.access import Role
from telcollm.access_settings import AccessSettings
from telcollm.app.api.application import build_app
from telcollm.app.identity_provider import IdentityProvider, looks_signed
from telcollm.app.workplace import Workplace
from telcollm.errors import TransientError
from telcollm.ports import EVERYTHING
from telcollm.store.accounts import LoginError
from tests.json_server import Asked, serving
from tests.telcollm.app.places import NOON, Hand

AUDIENCE = "telcollm-api"


class Issuer:
    """A provider on the loopback that publishes keys and signs by them."""

    def __init__(self) -> None:
        self.key: Any = RSAKey.generate_key(2048, {"kid": "first", "use": "sig", "alg": "RS256"})
        self.published: list[Any] = [self.key]
        self.fetches = 0
        self.broken = False
        self.url = ""

    def answer(self, asked: Asked) -> tuple[int, bytes]:
        """What is published at a path."""
        self.fetches += 1
        keys = KeySet(self.published).as_dict(private=False)
        body = {"jwks_uri": f"{self.url}/keys"} if "openid" in asked.path else keys
        return 200, b"[" if self.broken else json.dumps(body).encode()

    def token(self, key: Any = None, alg: str = "RS256", **changes: Any) -> str:
        now = int(NOON.timestamp())
        claims = {
            "iss": self.url,
            "aud": AUDIENCE,
            "exp": now + 600,
            "iat": now,
            "email": "eva@operator.example",
            "groups": ["noc", "football"],
        } | changes
        claims = {name: value for name, value in claims.items() if value is not None}
        signer = key or self.key
        return jwt.encode({"alg": alg, "kid": signer.kid}, claims, signer, algorithms=[alg])


@pytest.fixture(scope="module")
def shared_issuer() -> Iterator[Issuer]:
    issuer = Issuer()
    with serving(issuer.answer) as server:
        issuer.url = server.url
        yield issuer


@pytest.fixture
def issuer(shared_issuer: Issuer) -> Iterator[Issuer]:
    key = shared_issuer.key
    yield shared_issuer
    shared_issuer.key, shared_issuer.published, shared_issuer.broken = key, [key], False
    shared_issuer.fetches = 0


def access(issuer: Issuer, **changes: Any) -> AccessSettings:
    return AccessSettings(
        **{
            "oidc_issuer": issuer.url,
            "oidc_audience": AUDIENCE,
            "oidc_roles": {"noc": Role.NOC_ENGINEER},
            "oidc_tenants": ("acme",),
            **changes,
        }
    )


def test_a_token_of_the_issuer_says_who_holds_it(issuer: Issuer, clock: Hand) -> None:
    provider = IdentityProvider(access(issuer), clock)
    assert provider.claims(issuer.token())["email"] == "eva@operator.example"
    assert provider.claims(issuer.token(aud=["other", AUDIENCE]))["groups"] == ["noc", "football"]
    assert issuer.fetches == 2
    assert looks_signed(issuer.token()) and not looks_signed("tlc_key_secret")


def in_base64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def unsigned(issuer: Issuer) -> str:
    _, body, _ = issuer.token().split(".")
    return in_base64(b'{"alg":"none","kid":"first"}') + f".{body}."


def by_public_key(issuer: Issuer) -> str:
    """A token signed by what everybody knows, which a careless check takes for a secret."""
    head = in_base64(b'{"alg":"HS256","kid":"first"}') + "." + issuer.token().split(".")[1]
    return head + "." + in_base64(hmac.digest(issuer.key.as_pem(private=False), head.encode(), "sha256"))


FORGED: dict[str, Callable[[Issuer], str]] = {
    "unsigned": unsigned,
    "by another's key": lambda i: i.token(RSAKey.generate_key(2048, {"kid": "first"})),
    "by the public key as a secret": by_public_key,
    "changed": lambda i: ".".join(
        [i.token().split(".")[0], i.token(email="root@x").split(".")[1], i.token().split(".")[2]]
    ),
    "of another issuer": lambda i: i.token(iss="https://elsewhere.example"),
    "for another audience": lambda i: i.token(aud="mail"),
    "without audience": lambda i: i.token(aud=None),
    "without end": lambda i: i.token(exp=None),
    "ended": lambda i: i.token(exp=int(NOON.timestamp()) - 61),
    "not yet begun": lambda i: i.token(nbf=int(NOON.timestamp()) + 61),
    "too long": lambda i: i.token(padding="x" * 20_000),
    "no token": lambda i: "ey.ey.ey",
}


@pytest.mark.parametrize("how", FORGED)
def test_no_other_token_comes_in(how: str, issuer: Issuer, clock: Hand) -> None:
    provider = IdentityProvider(access(issuer), clock)
    with pytest.raises(LoginError, match="the token is not taken: "):
        provider.claims(FORGED[how](issuer))


def test_a_new_key_is_fetched_once_however_many_forgeries_ask(issuer: Issuer, clock: Hand) -> None:
    provider = IdentityProvider(access(issuer, oidc_jwks_url=f"{issuer.url}/keys"), clock)
    provider.claims(issuer.token())
    issuer.key = ECKey.generate_key("P-256", {"kid": "second", "use": "sig"})
    issuer.published = [*issuer.published, issuer.key]
    for _ in range(5):
        with pytest.raises(LoginError):
            provider.claims(issuer.token(alg="ES256"))
    assert issuer.fetches == 1
    clock.passed_s += 31
    assert provider.claims(issuer.token(alg="ES256"))["email"] == "eva@operator.example"
    assert issuer.fetches == 2


def test_a_provider_that_gives_no_keys_is_waited_for(issuer: Issuer, clock: Hand) -> None:
    issuer.broken = True
    with pytest.raises(TransientError, match="does not give its keys"):
        IdentityProvider(access(issuer), clock).claims(issuer.token())
    plain = access(issuer, oidc_jwks_url="http://192.0.2.1/keys")
    with pytest.raises(TransientError, match="addresses of https alone"):
        IdentityProvider(plain, clock).claims(issuer.token())


def test_where_no_provider_is_named_no_token_comes_in(issuer: Issuer, clock: Hand) -> None:
    with pytest.raises(LoginError, match="names no identity provider"):
        IdentityProvider(AccessSettings(), clock).claims(issuer.token())


def test_the_api_lets_a_token_in_as_its_groups_say(issuer: Issuer, workplace: Workplace, clock: Hand) -> None:
    workplace.settings = workplace.settings.model_copy(update={"access": access(issuer)})
    token = issuer.token()

    def asked(token: str, path: str) -> int:
        headers = {"Authorization": f"Bearer {token}"}
        return client.get(path, headers=headers).status_code

    problems = "/tmf-api/serviceProblemManagement/v5/serviceProblem"
    with TestClient(build_app(workplace, background=False)) as client:
        assert [asked(token, problems) for _ in range(3)] == [200] * 3
        assert asked(token, "/v1/accounts") in (403, 404)
        assert asked(issuer.token(groups=["football"]), problems) == 401
        assert asked(issuer.token(iss="https://elsewhere.example"), problems) == 401
        clock.passed_s += 700
        assert asked(token, problems) == 401
    told = [(one.actor, one.action) for one in workplace.stores.audit.entries(EVERYTHING, 50)]
    assert told.count(("eva@operator.example", "login")) == 1
    assert ("unknown", "token refused") in told
