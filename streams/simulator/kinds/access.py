"""Faults of fixed access, and work that was announced. Knows nothing of mobile."""

from __future__ import annotations

from typing import Final

from streams.simulator.kind import Complaint, FaultKind, KpiEffect, LogRule
from telcollm.records import PerceivedSeverity, TicketPriority

_HOUR: Final = 3600.0

KINDS: Final = (
    FaultKind(
        name="access_card_failure",
        title="Card of an optical line terminal failed",
        domain="access",
        strikes=("olt",),
        team="fixed_access",
        priority=TicketPriority.HIGH,
        severity=PerceivedSeverity.CRITICAL,
        customer_effect="no internet at home for several streets",
        repairs=("reset the card", "replace the card"),
        typical_s=2.5 * _HOUR,
        share=1.2,
        complaints=(
            Complaint("card_fault", "self", 0.5, 0, 20),
            Complaint("port_all_lost", "self", 0.65, 0, 20, 3),
            Complaint("loss_of_signal", "self", 0.25, 0, 20, 2),
            Complaint("subscriber_unit_offline", "own_splitters", 0.65, 2, 60),
            Complaint("process_restarted", "self", 0.2, 0, 60, lasts_s=5),
            Complaint("subscriber_unit_power_lost", "own_splitters", 0.06, 0, 30),
        ),
        kpis=(KpiEffect("online_customers_ratio", "own_splitters", "set", 0.0, 0.1),),
        logs=(LogRule("card_state", "self", 0.8, 0, 40, 2),),
        confused_with=("access_fibre_break", "customer_power_outage"),
    ),
    FaultKind(
        name="access_fibre_break",
        title="Street fibre broken",
        domain="access",
        strikes=("splitter",),
        team="field_site",
        priority=TicketPriority.MEDIUM,
        severity=PerceivedSeverity.MAJOR,
        customer_effect="no internet at home in one street",
        repairs=("find the break by OTDR and splice", "replace the drop cable"),
        typical_s=7.0 * _HOUR,
        share=1.4,
        complaints=(
            Complaint("port_all_lost", "parent", 0.55, 0, 15),
            Complaint("loss_of_signal", "parent", 0.4, 0, 15),
            Complaint("subscriber_unit_offline", "self", 0.8, 0, 30, 2),
            Complaint("receive_power_low", "self", 0.3, 0, 60),
            Complaint("subscriber_unit_power_lost", "self", 0.12, 0, 20),
        ),
        kpis=(
            KpiEffect("online_customers_ratio", "self", "set", 0.0, 0.15),
            KpiEffect("optical_budget_db", "self", "add", -14, -6),
        ),
        logs=(LogRule("subscriber_unit_state", "parent", 0.8, 0, 60, 3),),
        confused_with=("customer_power_outage", "access_card_failure"),
    ),
    FaultKind(
        name="customer_power_outage",
        title="Homes without power, network sound",
        domain="access",
        strikes=("splitter",),
        team="energy_supplier_desk",
        priority=TicketPriority.LOW,
        severity=PerceivedSeverity.WARNING,
        customer_effect="no power and no internet at home",
        repairs=("none: tell customers that the power is out",),
        typical_s=1.3 * _HOUR,
        share=1.2,
        complaints=(
            Complaint("subscriber_unit_power_lost", "self", 0.65, 0, 15, 2),
            Complaint("subscriber_unit_power_lost", "nearby_splitters", 0.4, 0, 25),
            Complaint("subscriber_unit_offline", "self", 0.75, 1, 40, 2),
            Complaint("subscriber_unit_offline", "nearby_splitters", 0.4, 1, 60),
            Complaint("port_all_lost", "parent", 0.2, 1, 40),
            Complaint("mains_unstable", "nearby_power", 0.08, 0, 60, lasts_s=60),
        ),
        kpis=(
            KpiEffect("online_customers_ratio", "self", "set", 0.0, 0.2),
            KpiEffect("online_customers_ratio", "nearby_splitters", "scale", 0.1, 0.6),
        ),
        logs=(LogRule("subscriber_unit_state", "parent", 0.8, 0, 60, 3),),
        reach=(0.3, 0.9),
        confused_with=("access_fibre_break", "area_power_failure"),
    ),
    FaultKind(
        name="planned_outage",
        title="Announced work takes an element out",
        domain="operations",
        strikes=("site_router", "aggregation_router", "baseband", "olt"),
        team="change_management",
        priority=TicketPriority.LOW,
        severity=PerceivedSeverity.WARNING,
        customer_effect="short loss of service at night that was announced",
        repairs=("none: wait for the end of the work",),
        typical_s=1.2 * _HOUR,
        spread=0.4,
        share=0.0,
        complaints=(
            Complaint("maintenance_mode", "self", 0.3, 0, 60),
            Complaint("door_open", "site_environment", 0.35, -900, 300, lasts_s=3600),
            Complaint("process_restarted", "self", 0.35, 60, 1200, 2, lasts_s=5),
            Complaint("cold_start", "self", 0.4, 300, 1500, lasts_s=5),
            Complaint("element_unreachable", "self", 0.5, 60, 900, lasts_s=900),
            Complaint("link_down", "peers", 0.45, 60, 900, lasts_s=900),
            Complaint("backhaul_lost", "downstream_basebands", 0.35, 60, 960, lasts_s=900),
            Complaint("cell_unavailable", "downstream_cells", 0.35, 60, 960, lasts_s=1000),
            Complaint("subscriber_unit_offline", "own_splitters", 0.3, 60, 960, lasts_s=900),
            Complaint("version_mismatch", "self", 0.15, 600, 2400, lasts_s=600),
        ),
        kpis=(KpiEffect("cell_availability_ratio", "downstream_cells", "set", 0.3, 0.8),),
        logs=(
            LogRule("configuration_change", "self", 0.6, 0, 600, 2),
            LogRule("restart", "self", 0.5, 120, 1500),
        ),
        hours="night",
        confused_with=("router_crash", "battery_theft", "baseband_failure"),
    ),
)
"""Kinds of the domains access and operations."""
