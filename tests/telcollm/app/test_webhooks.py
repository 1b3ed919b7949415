"""Laws of webhooks: where none may go, what a forged one looks like, and that none is lost."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import pytest

from telcollm.access import AccessDenied, Role
from telcollm.app.notifier import Notifier
from telcollm.app.services import subscriptions
from telcollm.app.webhooks import (
    SIGNATURE_HEADER,
    TargetError,
    check_target,
    genuine,
    post,
    resolve,
    sign,
    subscription_key,
)
from telcollm.app.workplace import Workplace
from telcollm.codec import encode
from telcollm.errors import TelcollmError, TransientError
from telcollm.records import Mode, TicketStatus
from tests.telcollm.app.listeners import URL, Wire, subscribe, tell
from tests.telcollm.app.places import SOUTH, Hand, caller, open_at
from tests.telcollm.store.examples import diagnosis, incident, message

KEY = b"k" * 32


def at(*addresses: str) -> Any:
    return lambda host, port: addresses


@pytest.mark.parametrize(
    "address",
    "127.0.0.1 10.1.2.3 172.16.0.1 192.168.1.1 169.254.169.254 0.0.0.0 ::1 fe80::1 fd00::1 ::ffff:127.0.0.1 "
    "224.0.0.1 100.64.0.1".split(),
)
def test_nothing_is_sent_into_this_machine_or_a_private_network(address: str) -> None:
    with pytest.raises(TargetError, match="no public one"):
        check_target(URL, (), at("93.184.216.34", address))
    assert check_target(URL, ("noc.example",), at(address))[4] == address


@pytest.mark.parametrize(
    "url",
    [
        "http://noc.example/",
        "ftp://noc.example/",
        "file:///etc/passwd",
        "https://",
        "https://user@noc.example/",
        "https://noc.example:99999/",
        "https://noc.example/\r\nHost: evil",
        "https://noc.example/ path",
        "noc.example",
        "https://noc..example/",
        f"https://{'a' * 64}.example/",
        "https://noc.example/" + "a" * 3000,
    ],
)
def test_only_a_plain_https_url_is_a_callback(url: str) -> None:
    with pytest.raises(TargetError, match="is not allowed"):
        check_target(url, (), at("93.184.216.34"))


def test_a_name_that_nobody_knows_is_tried_again_later() -> None:
    with pytest.raises(TransientError, match="has no address"):
        check_target(URL, (), at())
    with pytest.raises(TransientError, match="cannot be found"):
        resolve("noc..example", 443)


def test_a_forged_changed_or_old_webhook_is_told_from_a_genuine_one() -> None:
    body = b'{"eventId":"e1"}'
    signature = sign(KEY, body, 1000)
    assert genuine(KEY, body, signature, 1000) and genuine(KEY, body, signature, 1300)
    assert not genuine(KEY, body, signature, 1301)
    assert not genuine(KEY, body + b" ", signature, 1000)
    assert not genuine(b"other" * 8, body, signature, 1000)
    assert not genuine(KEY, body, signature.replace("t=1000", "t=1001"), 1001)
    for forged in ("", "t=1000", "v1=abc", "t=1000,v1=", "t=\u0661\u0660,v1=x", f"t=1000,v1={'é' * 64}"):
        assert not genuine(KEY, body, forged, 1000)


class Listener(BaseHTTPRequestHandler):
    """Keeps what it is sent and answers with a redirect to a place that would tell."""

    heard: ClassVar[list[tuple[str, str, bytes]]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.heard.append((self.path, self.headers[SIGNATURE_HEADER], body))
        self.send_response(307 if self.path == "/moved" else 204)
        self.send_header("Location", "/elsewhere")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent."""


def test_a_webhook_arrives_signed_and_no_redirect_is_followed() -> None:
    Listener.heard.clear()
    server = HTTPServer(("127.0.0.1", 0), Listener)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        base = f"http://localhost:{server.server_port}"
        given = {"allowed": ("localhost",), "timeout_s": 60.0, "look_up": at("127.0.0.1")}
        assert post(f"{base}/here?a=1", b"{}", sign(KEY, b"{}", 7), **given) == 204
        assert post(f"{base}/moved", b"{}", "", **given) == 307
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
    assert [path for path, _, _ in Listener.heard] == ["/here?a=1", "/moved"]
    assert genuine(KEY, Listener.heard[0][2], Listener.heard[0][1], 7)
    with pytest.raises(TransientError, match="did not answer"):
        post(f"{base}/gone", b"{}", "", **given)


def test_events_come_in_order_once_each_signed_by_the_key_that_was_shown(
    workplace: Workplace, clock: Hand
) -> None:
    made, key = subscribe(workplace)
    wire = Wire()
    notifier = Notifier(workplace, wire)
    tell(workplace, "e1", "e2", "e1", "e3")
    assert notifier.deliver_once() == 3 and notifier.deliver_once() == 0
    assert wire.ids == ["e1", "e2", "e3"]
    now_s = clock.now_ms() // 1000
    assert all(genuine(key.encode(), body, signature, now_s) for _, body, signature in wire.sent)
    assert subscription_key(workplace.settings, made.subscription_id).decode() == key


@pytest.mark.parametrize("failure", [0, 500, 301])
def test_what_fails_is_tried_again_with_longer_waits_and_nothing_overtakes_it(
    workplace: Workplace, clock: Hand, failure: int
) -> None:
    subscribe(workplace)
    wire = Wire()
    notifier = Notifier(workplace, wire)
    tell(workplace, "e1", "e2")
    wire.answer = failure
    tried_s = []
    for _ in range(60):
        before = wire.tries
        assert notifier.deliver_once() == 0
        if wire.tries > before:
            tried_s.append(clock.passed_s)
        clock.passed_s += 0.5
    assert [after - before for before, after in pairwise(tried_s)] == [1, 2, 4, 8]
    wire.answer = 204
    clock.passed_s += 300
    assert notifier.deliver_once() == 2 and wire.ids == ["e1", "e2"]


def test_a_fault_does_not_end_the_notifier(workplace: Workplace) -> None:
    subscribe(workplace)
    tell(workplace, "e1")
    tries = []

    def send(url: str, body: bytes, signature: str) -> int:
        tries.append(url)
        if len(tries) == 1:
            raise ValueError
        notifier.stop()
        return 204

    notifier = Notifier(workplace, send)
    notifier.run(0.001)
    assert len(tries) == 2


def test_nobody_subscribes_to_what_they_may_not_read(workplace: Workplace) -> None:
    with pytest.raises(AccessDenied, match="is denied to"):
        subscriptions.subscribe(workplace, caller(Role.ADMINISTRATOR), "ticket", URL)
    assert subscriptions.subscribe(workplace, caller(Role.ADMINISTRATOR), "alarm", URL)[0].api == "alarm"


def test_a_restart_loses_no_event(tmp_path: Path, store_template: Path) -> None:
    first = open_at(tmp_path / "home", store_template)
    subscribe(first)
    down = Wire()
    down.answer = 0
    tell(first, "e1", "e2")
    assert Notifier(first, down).deliver_once() == 0
    first.close()
    second = open_at(tmp_path / "home")
    wire = Wire()
    assert Notifier(second, wire).deliver_once() == 2 and wire.ids == ["e1", "e2"]
    second.close()


def test_a_listener_that_fails_for_a_day_holds_its_events_no_longer(
    workplace: Workplace, clock: Hand
) -> None:
    subscribe(workplace)
    wire = Wire()
    wire.answer = 500
    notifier = Notifier(workplace, wire)
    tell(workplace, "e1")
    clock.passed_s += 23 * 3600
    notifier.deliver_once()
    assert len(workplace.stores.store.pending_outbox([_lane(workplace)], 10)) == 1
    clock.passed_s += 2 * 3600
    notifier.deliver_once()
    assert workplace.stores.store.pending_outbox([_lane(workplace)], 10) == []


def _lane(workplace: Workplace) -> str:
    return workplace.subscriptions.subscriptions()[0].lane


def test_each_hears_of_its_own_tenants_regions_and_events_from_its_beginning_on(
    workplace: Workplace, clock: Hand
) -> None:
    tell(workplace, "before")
    clock.passed_s += 1
    subscribe(workplace)
    subscribe(workplace, scope=SOUTH, name="bob")
    subscribe(workplace, query="eventType=TroubleTicketResolvedEvent", name="kim")
    subscribe(workplace, api="alarm", name="tom")
    wire = Wire()
    tell(workplace, "e1")
    assert Notifier(workplace, wire).deliver_once() == 1
    assert wire.ids == ["e1"]


def test_whoever_ends_a_subscription_hears_nothing_more(workplace: Workplace) -> None:
    made, _ = subscribe(workplace)
    tell(workplace, "e1")
    who = caller(Role.NOC_ENGINEER)
    with pytest.raises(TelcollmError, match="is not known"):
        subscriptions.unsubscribe(
            workplace, caller(Role.NOC_ENGINEER, name="bob"), "ticket", made.subscription_id
        )
    subscriptions.unsubscribe(workplace, who, "ticket", made.subscription_id)
    wire = Wire()
    assert Notifier(workplace, wire).deliver_once() == 0 and wire.tries == 0


def queue(workplace: Workplace, *found: Any) -> None:
    with workplace.stores.store.transaction() as transaction:
        transaction.put_outbox(
            [
                message(
                    f"incident:{one.incident_id}:{one.revision}",
                    topic="telcollm.incidents.v1",
                    value=encode(one),
                )
                for one in found
            ]
        )


def kinds(wire: Wire) -> Sequence[str]:
    return [msgspec.json.decode(body)["eventType"] for _, body, _ in wire.sent]


def test_live_incidents_are_followed_once_each_from_the_subscription_on(
    workplace: Workplace, clock: Hand
) -> None:
    queue(workplace, incident("old"))
    clock.passed_s += 1
    subscribe(workplace, api="problem")
    wire = Wire()
    with workplace.stores.store.transaction() as transaction:
        transaction.put_diagnoses([diagnosis(incident_id="i2")])
    queue(
        workplace,
        incident("i1"),
        incident("i2", 2),
        incident("i3", status=TicketStatus.RESOLVED),
        incident("i4", mode=Mode.REPLAY),
        incident("i5", region="south"),
    )
    for notifier in (Notifier(workplace, wire), Notifier(workplace, wire)):
        notifier.follow_once()
        notifier.follow_once()
        notifier.deliver_once()
    assert wire.ids == ["i1:1", "i2:2", "i3:1"]
    assert kinds(wire) == [
        "ServiceProblemCreateEvent",
        "ServiceProblemAttributeValueChangeEvent",
        "ServiceProblemStateChangeEvent",
    ]
