"""An alarm's words in full, as runbooks write them: codes taken apart, usual abbreviations spelled out.

The abbreviations are the trade's own, of no vendor and no network. Does not know what the words are for.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_BETWEEN: Final = re.compile(r"[\W_]+")

_IN_FULL: Final = {
    short.strip(): full.strip()
    for short, _, full in (
        entry.partition("=")
        for entry in """
        ac = mains; acm = adaptive modulation; adj = adjacency; ais = alarm indication signal
        amp = amplifier; aps = protection switched; auth = authentication; bat = battery; batt = battery
        bbu = baseband unit; ber = bit error; cert = certificate; cfg = configuration; clk = clock
        comm = communication; config = configuration; conn = connection
        cpe = customer premises equipment; crc = crc errors; deg = degraded; degr = degraded
        degrade = degraded; dia = diameter; diam = diameter; discharge = discharging; dns = name service
        env = environment; err = errors; error = errors; eth = ethernet link; fail = failure
        failed = failure; faulty = fault; fcs = frame errors; flt = fault; freq = frequency
        gen = generator; genset = generator; gps = gnss satellite; hb = heartbeat; ho = handover
        hvac = cooling air conditioning; hw = hardware; iface = interface; intf = interface
        lof = loss of frame; los = loss of signal; lost = loss lost; lvd = low voltage disconnect
        mem = memory; mw = microwave; nbr = neighbour; neighbor = neighbour; odu = outdoor unit
        olt = optical line terminal; ont = optical network terminal subscriber unit
        onu = optical network unit subscriber; opt = optical; pkt = packet; proc = process
        psu = power supply unit; ptp = precision time clock; pwr = power; ref = reference
        reg = registration; repl = replication; rf = radio; rru = remote radio unit; rsl = receive level
        rssi = received signal strength; rx = receive; sd = signal degraded; sess = session
        sfp = optical transceiver; sig = signal; sw = software; sync = synchronisation sync
        temp = temperature; thr = throughput; tput = throughput; tun = tunnel; tx = transmit
        ue = device; unavail = unavailable; unreach = unreachable; util = utilisation
        utilization = utilisation; ver = version; volt = voltage; vswr = antenna standing wave
        """.replace("\n", ";").split(";")
        if entry.strip()
    )
}


@lru_cache(maxsize=65_536)
def in_full(problem: str) -> str:
    """Return a problem in words, lower case; "" for one without any letter.

    >>> in_full("BATT_LOW"), in_full("RxPowerBelowThreshold"), in_full("ETH-LOS")
    ('battery low', 'receive power below threshold', 'ethernet link loss of signal')
    >>> in_full("市电中断"), in_full("4711")
    ('市电中断', '')
    """
    if not any(map(str.isalpha, problem)):
        return ""
    words = _BETWEEN.sub(" ", _HUMP.sub(" ", problem)).lower().split()
    return " ".join(_IN_FULL.get(word, word) for word in words)
