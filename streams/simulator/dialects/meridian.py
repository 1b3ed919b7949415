"""How Meridian words symptoms: mnemonics; alternatives, by release, stand apart by " ; ".

Two symptoms may share a wording, as they do in the field.
"""

from __future__ import annotations

from typing import Final

WORDINGS: Final = """
mains_failure = PWR_INPUT_LOST ; AC_FEED_FAIL
mains_unstable = AC_FEED_BROWNOUT
rectifier_fault = PWR_MODULE_FAIL
dc_undervoltage = DC_BUS_LOW
battery_discharging = ON_BATTERY
battery_low = BATT_LOW
battery_missing = BATT_ABSENT ; BATT_FAULT
generator_running = GEN_ON
generator_start_failure = GEN_FAIL
load_disconnected = LVD_TRIP
high_temperature = TEMP_HIGH ; ENV_TEMP_ALARM
cooling_fault = HVAC_FAIL
fan_fault = FAN_FAIL
door_open = ENTRY_OPEN
water_detected = ENV_WATER
humidity_high = ENV_HUMID
loss_of_signal = OPTICAL_LOS ; RX_LOS
loss_of_frame = RX_LOF
signal_degraded = SD_BER
receive_power_low = RX_PWR_LOW
transmit_power_low = TX_PWR_LOW
laser_fault = XCVR_FAULT ; TX_FAULT
link_down = LINK_DOWN ; LINEPROTO_DOWN
far_end_defect = RDI
protection_switched = APS_EVENT
card_fault = LC_FAIL ; MODULE_DOWN
port_errors = CRC_ERR
receive_level_low = RSL_LOW
modulation_reduced = ACM_SHIFT
microwave_transmit_fault = ODU_TX_FAIL
microwave_receive_loss = ODU_RX_LOS
outdoor_unit_fault = ODU_FAIL
bgp_session_down = BGP_ADJCHANGE_DOWN
adjacency_lost = ISIS_ADJ_DOWN
tunnel_down = MPLS_LSP_DOWN
cpu_overload = CPU_HIGH ; CPUHOG
memory_high = MALLOC_WARN ; MEM_HIGH
cold_start = SYS_RESTART ; COLDSTART
process_restarted = PROC_EXIT ; SYS_RESTART
packet_loss_high = PKT_DROP
utilisation_high = UTIL_HIGH
latency_high = RTT_HIGH ; SLA_VIOLATION
configuration_mismatch = CFG_MISMATCH
version_mismatch = IMG_MISMATCH
element_unreachable = NODE_UNREACHABLE
sync_lost = PTP_UNLOCK ; CLK_FAIL
clock_holdover = CLK_HOLDOVER
gnss_fault = GNSS_LOST
cell_unavailable = CELL_DOWN
cell_degraded = CELL_DEGRADED
antenna_mismatch = RF_VSWR
radio_unit_fault = RU_FAIL
radio_unit_link_lost = CPRI_LOS
transmit_power_reduced = RU_TX_DERATE
receive_imbalance = RU_RX_IMBAL
uplink_interference = UL_RSSI_HIGH
baseband_fault = DU_FAIL ; MODULE_DOWN
backhaul_lost = N2_DOWN ; SCTP_ABORT
ipsec_tunnel_lost = IKE_SA_DOWN
handover_failures = HO_FAIL_RATIO
access_failures = RACH_FAIL_RATIO
throughput_low = DL_TPUT_LOW
traffic_low = NO_TRAFFIC
signalling_overload = NAS_OVERLOAD
attach_failures = REG_FAIL_RATIO
authentication_failures = AUTH_FAIL_RATIO
session_failures = PDU_FAIL_RATIO
registration_failures = SIP_REG_FAIL
call_setup_failures = SIP_INVITE_FAIL
name_lookup_failures = DNS_SERVFAIL
charging_timeouts = CCR_TIMEOUT
replication_fault = DB_SYNC_FAIL
diameter_link_down = DIA_PEER_DOWN
resource_exhausted = POOL_EXHAUSTED
heartbeat_lost = PFCP_PATH_DOWN ; NF_TIMEOUT
certificate_invalid = PKI_CERT_INVALID
subscriber_unit_offline = ONU_DOWN
subscriber_unit_power_lost = ONU_DGASP
port_all_lost = PON_LOS
traffic_anomaly = NETFLOW_ANOMALY
login_failures = SEC_LOGIN_FAILED
threshold_warning = TCA
maintenance_mode = ADMIN_DOWN
"""
