"""The background of alarms that no fault is behind: which elements may chatter, and of what.

It deliberately does not know how much they chatter: that is `realism_chatter`'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from streams.simulator.effects import Raised
from streams.simulator.plan import SimulationPlan
from streams.simulator.realism_chatter import chatter
from streams.simulator.topology import Network

_MAY_TELL: Final[Mapping[str, tuple[str, ...]]] = {
    "core_router": ("threshold_warning", "port_errors", "latency_high", "bgp_session_down", "login_failures"),
    "aggregation_router": (
        "port_errors",
        "threshold_warning",
        "packet_loss_high",
        "clock_holdover",
        "link_down",
    ),
    "site_router": (
        "port_errors",
        "modulation_reduced",
        "receive_level_low",
        "link_down",
        "far_end_defect",
        "fan_fault",
        "clock_holdover",
        "signal_degraded",
    ),
    "power_plant": ("mains_unstable", "battery_discharging", "mains_failure", "generator_start_failure"),
    "environment_unit": ("door_open", "humidity_high", "high_temperature", "water_detected", "cooling_fault"),
    "baseband": (
        "process_restarted",
        "clock_holdover",
        "gnss_fault",
        "radio_unit_link_lost",
        "threshold_warning",
    ),
    "radio_unit": ("antenna_mismatch", "receive_imbalance", "transmit_power_reduced"),
    "cell": (
        "cell_degraded",
        "access_failures",
        "handover_failures",
        "throughput_low",
        "uplink_interference",
    ),
    "olt": ("port_errors", "threshold_warning", "login_failures"),
    "splitter": ("subscriber_unit_offline", "receive_power_low", "subscriber_unit_power_lost"),
    "amf": ("threshold_warning", "attach_failures"),
    "smf": ("threshold_warning", "session_failures"),
    "udm": ("threshold_warning", "diameter_link_down"),
    "upf": ("threshold_warning", "tunnel_down"),
    "ims": ("threshold_warning", "call_setup_failures"),
    "dns": ("threshold_warning", "latency_high"),
    "ocs": ("threshold_warning", "charging_timeouts"),
    "security_gateway": ("threshold_warning", "ipsec_tunnel_lost", "login_failures"),
}


def background_alarms(network: Network, plan: SimulationPlan) -> list[Raised]:
    """Return alarms without a fault, in order of time."""
    elements = [(element.element_id, _MAY_TELL.get(element.element_type, ())) for element in network.elements]
    numbers = network.number_of
    return [
        Raised(
            item.raised_s,
            numbers[item.element_id],
            item.symptom,
            item.raised_s + item.lasts_s,
            -1,
            -1,
        )
        for item in chatter(plan.chatter, elements, plan.duration_s, plan.seed)
    ]
