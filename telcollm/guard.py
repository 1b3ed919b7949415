"""The guard: the only way by which text reaches a model, a log or a tracked run.

Customer identifiers become typed tokens that are the same each time, so relations survive while identities
do not. Turning a token back takes the vault, which never leaves the process unless its owner keeps it. Does
not know who may see what.
Source: 3GPP TS 23.003 (IMSI, IMEI), ITU-T E.164 (MSISDN), ISO/IEC 7812 (Luhn digit of an IMEI).
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import re
import secrets
import tempfile
from collections.abc import Callable, Iterable, MutableMapping
from pathlib import Path
from typing import Final

from telcollm.errors import SettingsError

_EMAIL: Final = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_FIFTEEN: Final = re.compile(r"(?<![\w.])\d{15}(?!\w|\.\d)")
_IMSI_LABEL: Final = re.compile(r"(?i)(?<![<\w])imsi\W{0,5}(\d{14,15})\b")
_MSISDN: Final = re.compile(r"(?<![\w.+])(?:\+|00)[1-9]\d{0,3}(?:[ \-()/]{0,2}\d{2,5}){2,5}(?!\w)")
_MSISDN_LABEL: Final = re.compile(r"(?i)(?<![<\w])(?:msisdn|phone|mobile|tel|caller)\W{0,5}(\d{7,15})\b")
_TOKEN: Final = re.compile(r"<(?:MSISDN|IMSI|IMEI|EMAIL|NAME):[0-9a-f]{10}>")
_TOKENS: Final = re.compile(f"({_TOKEN.pattern})")


class Guard:
    """Hides identifiers behind typed tokens, `<MSISDN:0a1b2c3d4e>`, and can turn its own tokens back."""

    def __init__(
        self,
        key: bytes,
        *,
        names: Iterable[str] = (),
        vault: MutableMapping[str, str] | None = None,
        remember: bool = True,
    ) -> None:
        """Take the secret `key` and the customer names to hide; tokens are noted in `vault`.

        Without `remember` no token is noted, so that nothing grows, and `reveal` turns none back that the
        vault did not hold before.

        Raises:
            SettingsError: the key is shorter than 16 bytes.
        """
        if len(key) < 16:
            message = (
                f"guard key of {len(key)} bytes must have at least 16; delete the key file and let it be made"
            )
            raise SettingsError(message)
        self._key = key
        self._vault: MutableMapping[str, str] = {} if vault is None else vault
        self._remember = remember
        known = sorted({name.strip() for name in names if _is_name(name.strip())}, key=len, reverse=True)
        self._names = re.compile("|".join(map(_name_pattern, known)), re.IGNORECASE) if known else None

    def hide(self, text: str) -> str:
        """Return `text` with MSISDN, IMSI, IMEI, e-mail addresses and customer names as tokens.

        >>> guard = Guard(b"0123456789abcdef")
        >>> guard.hide("call +49 170 1234567") == guard.hide("call +49 170 1234567")
        True
        >>> "1234567" in guard.hide("call +49 170 1234567")
        False
        """
        text = self._replace(_EMAIL, text, lambda found: self._token("EMAIL", found[0]))
        text = self._replace(_IMSI_LABEL, text, lambda found: self._labelled("IMSI", found))
        text = self._replace(
            _FIFTEEN, text, lambda found: self._token("IMEI" if _luhn(found[0]) else "IMSI", found[0])
        )
        text = self._replace(_MSISDN, text, lambda found: self._token("MSISDN", found[0]))
        text = self._replace(_MSISDN_LABEL, text, lambda found: self._labelled("MSISDN", found))
        if self._names is not None:
            text = self._replace(self._names, text, lambda found: self._token("NAME", found[0]))
        return text

    def _replace(self, pattern: re.Pattern[str], text: str, token: Callable[[re.Match[str]], str]) -> str:
        """Return `text` with finds outside tokens replaced: a token's digest may look like a number."""
        return "".join(
            part if _TOKEN.fullmatch(part) else pattern.sub(token, part) for part in _TOKENS.split(text)
        )

    def _labelled(self, kind: str, found: re.Match[str]) -> str:
        return found[0].replace(found[1], self._token(kind, found[1]))

    def reveal(self, text: str) -> str:
        """Return `text` with the tokens this guard has made turned back; others stay as they are."""
        return _TOKEN.sub(lambda found: self._vault.get(found[0], found[0]), text)

    def _token(self, kind: str, value: str) -> str:
        plain = value.casefold()
        if kind == "MSISDN":
            plain = re.sub(r"\D", "", value).removeprefix("00")
        digest = hmac.new(self._key, f"{kind}:{plain}".encode(), hashlib.sha256).hexdigest()[:10]
        token = f"<{kind}:{digest}>"
        if self._remember:
            self._vault.setdefault(token, value)
        return token


def _is_name(name: str) -> bool:
    """Tell whether a name is long enough to be told from other words: a Chinese one of two characters is."""
    return len(name) >= (3 if name.isascii() else 2)


def _name_pattern(name: str) -> str:
    """Return the pattern of a name; only where it ends in an ASCII letter must a word end there too."""
    before = r"(?<!\w)" if name[0].isascii() else ""
    after = r"(?!\w)" if name[-1].isascii() else ""
    return before + re.escape(name) + after


def load_key(home: Path) -> bytes:
    """Return the guard's key from `home`, made on first use and readable by its owner alone.

    Processes that start at once get the same key: it appears whole under its name, or not at all.

    Raises:
        SettingsError: the folder cannot be written.
    """
    path = home / "guard.key"
    try:
        home.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _make_key(path)
        return path.read_bytes()
    except OSError as error:
        message = f"guard key {path} cannot be kept ({error}); a writable folder is needed; set TELCOLLM_HOME"
        raise SettingsError(message) from error


def _make_key(path: Path) -> None:
    """Put a new key at `path`, unless another process was quicker."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(32))
            file.flush()
            os.fsync(file.fileno())
        # A link, not a rename: it never takes the place of the key another process has begun to use.
        with contextlib.suppress(FileExistsError):
            os.link(name, path)
    finally:
        os.unlink(name)


def _luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
