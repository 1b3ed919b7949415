"""The identity provider: whose tokens are let in, checked by the keys that it publishes.

Tokens are signed (RFC 7519); only signatures by a private key are taken, of the issuer and for the audience
that settings name, and not after their time. Keys are fetched once and again when a token names one that is
not known. Does not know which roles the claims give.

Source: OpenID Connect Discovery 1.0, section 4; RFC 7517; RFC 8725, section 3.
"""

from __future__ import annotations

import json
import threading
import urllib.request
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from telcollm.access_settings import AccessSettings
from telcollm.errors import MissingExtraError, TransientError
from telcollm.ports import Clock
from telcollm.store.accounts import LoginError

if TYPE_CHECKING:
    from joserfc.jwk import KeySet

_ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "Ed25519")
_LEEWAY_S: Final = 60
_FRESH_S: Final = 3_600.0
_AGAIN_S: Final = 30.0
"""How soon keys may be fetched again for a token that names an unknown one: forgeries must not flood."""
_TIMEOUT_S: Final = 5.0
_MOST_BYTES: Final = 1024 * 1024
_MOST_TOKEN: Final = 16 * 1024
_PATH: Final = "/.well-known/openid-configuration"


def looks_signed(token: str) -> bool:
    """Tell whether a bearer token has the form of a signed one; telcollm's own keys have not."""
    return token.count(".") == 2 and token.startswith("ey")


class IdentityProvider:
    """Gives the claims of tokens. Safe to share between threads."""

    def __init__(self, settings: AccessSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._lock = threading.Lock()
        self._keys: KeySet | None = None
        self._fetched_s = 0.0

    def claims(self, token: str) -> Mapping[str, Any]:
        """Return what the token says of its holder.

        Raises:
            LoginError: it is not the issuer's, not for this audience, not in force, or no token at all.
            TransientError: the issuer does not give its keys.
        """
        if not (self._settings.oidc_issuer and self._settings.oidc_audience):
            _refuse("this platform names no identity provider (access.oidc_issuer, access.oidc_audience)")
        if len(token) > _MOST_TOKEN:
            _refuse(f"it has {len(token)} characters; {_MOST_TOKEN} at most")
        try:
            from joserfc import jwt
            from joserfc.errors import InvalidKeyIdError, JoseError
        except ImportError as error:
            package = "joserfc"
            raise MissingExtraError(package, "api") from error
        try:
            try:
                found = jwt.decode(token, self._published(_FRESH_S), algorithms=_ALGORITHMS)
            except InvalidKeyIdError:
                found = jwt.decode(token, self._published(_AGAIN_S), algorithms=_ALGORITHMS)
            jwt.JWTClaimsRegistry(
                now=self._clock.now_ms() // 1000,
                leeway=_LEEWAY_S,
                iss={"essential": True, "value": self._settings.oidc_issuer},
                aud={"essential": True, "value": self._settings.oidc_audience},
                exp={"essential": True},
            ).validate(found.claims)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            _refuse(str(error)[:120])
        return found.claims

    def _published(self, fresh_s: float) -> KeySet:
        """Return the issuer's keys, fetched no longer ago than `fresh_s`."""
        from joserfc.jwk import KeySet

        with self._lock:
            now_s = self._clock.monotonic_s()
            if self._keys is None or now_s - self._fetched_s >= fresh_s:
                try:
                    address = self._settings.oidc_jwks_url
                    if not address:
                        about = _fetched(self._settings.oidc_issuer.rstrip("/") + _PATH)
                        address = str(about["jwks_uri"])
                    self._keys = KeySet.import_key_set(_fetched(address))  # type: ignore[arg-type]
                except (OSError, ValueError, KeyError, TypeError) as error:
                    message = (
                        f"the identity provider {self._settings.oidc_issuer} does not give its keys "
                        f"({str(error)[:120]}); access.oidc_issuer and access.oidc_jwks_url say where "
                        "they are; see that it answers"
                    )
                    raise TransientError(message) from error
                self._fetched_s = now_s
            return self._keys


def _fetched(address: str) -> dict[str, Any]:
    if not address.startswith(("https://", "http://127.0.0.1:", "http://localhost:")):
        message = f"{address[:120]!r} is not fetched; addresses of https alone are"
        raise ValueError(message)
    with urllib.request.urlopen(address, timeout=_TIMEOUT_S) as answer:
        read = answer.read(_MOST_BYTES + 1)
    if len(read) > _MOST_BYTES:
        message = f"more than {_MOST_BYTES} bytes came"
        raise ValueError(message)
    found = json.loads(read)
    if not isinstance(found, dict):
        message = f"{type(found).__name__} came; an object is needed"
        raise TypeError(message)
    return found


def _refuse(why: str) -> None:
    message = (
        f"the token is not taken: {why}; one of access.oidc_issuer, for access.oidc_audience and in force, "
        "is allowed; log in anew"
    )
    raise LoginError(message)
