"""Settings of access and of the API: who the machine's own user is, where the API listens, what it takes.

Does not know the other settings; `telcollm.settings` holds these two among them.
"""

from __future__ import annotations

from typing import Annotated, Final

import pydantic
from pydantic import Field

from telcollm.access import Role

_MEBIBYTE: Final = 1024 * 1024


class _Frozen(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")


class AccessSettings(_Frozen):
    """Who comes in.

    `local_roles`, `local_tenants` and `local_regions` are what the user of the machine is on the command
    line, all by default: whoever may open the store's file or holds its password is kept out by neither.
    `oidc_claim` names the claim of an OpenID Connect login that lists groups; `oidc_roles` says what a group
    is, and groups that it does not name are nothing. `oidc_tenants` and `oidc_regions` bound all of them.
    The API takes tokens of `oidc_issuer` that are for `oidc_audience`, where both are named; its keys are
    found by discovery, or at `oidc_jwks_url`.
    """

    local_roles: tuple[Role, ...] = tuple(Role)
    local_tenants: tuple[str, ...] = ()
    local_regions: tuple[str, ...] = ()
    oidc_issuer: str = ""
    oidc_audience: str = ""
    oidc_jwks_url: str = ""
    oidc_claim: Annotated[str, Field(min_length=1)] = "groups"
    oidc_roles: dict[str, Role] = {}
    oidc_tenants: tuple[str, ...] = ()
    oidc_regions: tuple[str, ...] = ()
    key_days: Annotated[int, Field(ge=1, le=3650)] = 90


class ApiSettings(_Frozen):
    """Where the API listens and what it takes; on the loopback unless told otherwise.

    `webhook_key` signs what is sent to subscribers; where it is empty one is made in the home folder.
    `webhook_hosts` names hosts that may be sent to though their addresses are private or the loopback.
    """

    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 8642
    max_request_bytes: Annotated[int, Field(ge=1024, le=1024 * _MEBIBYTE)] = 2 * _MEBIBYTE
    request_timeout_s: Annotated[float, Field(gt=0, le=3600)] = 30.0
    max_page: Annotated[int, Field(ge=1, le=10_000)] = 1000
    batch_max_rows: Annotated[int, Field(ge=1)] = 10_000
    alarm_topic: str = ""
    webhook_key: pydantic.SecretStr = pydantic.SecretStr("")
    webhook_hosts: tuple[str, ...] = ()
    webhook_timeout_s: Annotated[float, Field(gt=0, le=60)] = 5.0
    webhook_give_up_h: Annotated[float, Field(gt=0)] = 24.0
