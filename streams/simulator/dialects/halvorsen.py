"""How Halvorsen words symptoms: capitals; alternatives, by release, stand apart by " ; ".

Two symptoms may share a wording, as they do in the field.
"""

from __future__ import annotations

from typing import Final

WORDINGS: Final = """
mains_failure = AC MAINS LOST ; SUPPLY FAULT
mains_unstable = SUPPLY FAULT
rectifier_fault = RECTIFIER FAULTY ; POWER UNIT FAULTY
dc_undervoltage = DC VOLTAGE LOW
battery_discharging = BATTERY IN USE
battery_low = BATTERY VOLTAGE LOW ; BATTERY NEARLY EMPTY
battery_missing = BATTERY CIRCUIT OPEN
generator_running = GENSET RUNNING
generator_start_failure = GENSET DID NOT START
load_disconnected = LOW VOLTAGE DISCONNECT
high_temperature = HIGH TEMPERATURE
cooling_fault = COOLING UNIT FAULTY
fan_fault = FAN FAILURE
door_open = SITE DOOR OPEN
water_detected = WATER INGRESS
humidity_high = HUMIDITY HIGH
loss_of_signal = LOSS OF OPTICAL SIGNAL ; INTERFACE LOS
loss_of_frame = LOSS OF FRAME
signal_degraded = SIGNAL DEGRADE
receive_power_low = RX POWER LOW
transmit_power_low = TX POWER LOW
laser_fault = OPTICAL TRANSMITTER FAULTY
link_down = INTERFACE DOWN
far_end_defect = REMOTE DEFECT INDICATION
protection_switched = PROTECTION SWITCHED
card_fault = UNIT FAULTY ; PLUG-IN UNIT FAILURE
port_errors = CRC ERROR RATE HIGH
receive_level_low = RSL BELOW THRESHOLD
modulation_reduced = MODULATION LOWERED
microwave_transmit_fault = RADIO TX FAILURE
microwave_receive_loss = RADIO LOSS OF SIGNAL
outdoor_unit_fault = OUTDOOR UNIT FAULTY
bgp_session_down = BGP PEER LOST
adjacency_lost = ROUTING NEIGHBOUR LOST
tunnel_down = LSP DOWN
cpu_overload = PROCESSOR LOAD HIGH
memory_high = MEMORY SHORTAGE
cold_start = UNIT RESTARTED
process_restarted = SW PROCESS RESTARTED
packet_loss_high = PACKET LOSS HIGH
utilisation_high = LOAD HIGH
latency_high = ROUND TRIP TIME HIGH
configuration_mismatch = CONFIGURATION ERROR
version_mismatch = SW VERSION MISMATCH
element_unreachable = CONNECTION TO NE LOST
sync_lost = SYNCHRONIZATION LOST
clock_holdover = CLOCK REFERENCE FAULTY
gnss_fault = GNSS RECEIVER FAULTY
cell_unavailable = CELL FAULTY ; CELL OUT OF SERVICE
cell_degraded = CELL OPERATION DEGRADED
antenna_mismatch = ANTENNA LINE FAILURE ; VSWR HIGH
radio_unit_fault = RADIO MODULE FAULTY
radio_unit_link_lost = RADIO MODULE CONNECTION LOST ; OPTICAL LINK TO RADIO MODULE DOWN
transmit_power_reduced = TX POWER REDUCED
receive_imbalance = RX SIGNAL IMBALANCE
uplink_interference = UPLINK INTERFERENCE HIGH
baseband_fault = BASEBAND UNIT FAULTY ; UNIT FAULTY
backhaul_lost = BTS CONNECTION TO CORE LOST ; SCTP ASSOCIATION FAILURE
ipsec_tunnel_lost = IPSEC TUNNEL LOST
handover_failures = HANDOVER FAILURES HIGH
access_failures = ACCESS FAILURES HIGH
throughput_low = THROUGHPUT LOW
traffic_low = NO TRAFFIC IN CELL
signalling_overload = CONTROL PLANE OVERLOAD
attach_failures = ATTACH FAILURES HIGH
authentication_failures = AUTHENTICATION FAILURES HIGH
session_failures = SESSION SETUP FAILURES HIGH
registration_failures = IMS REGISTRATION FAILURES
call_setup_failures = CALL SETUP FAILURES HIGH
name_lookup_failures = NAME RESOLUTION FAILURES
charging_timeouts = CHARGING RESPONSE TIMEOUT
replication_fault = DATABASE REPLICATION FAILURE
diameter_link_down = DIAMETER PEER LOST
resource_exhausted = RESOURCE EXHAUSTED
heartbeat_lost = NETWORK FUNCTION NOT RESPONDING
certificate_invalid = CERTIFICATE EXPIRED
subscriber_unit_offline = ONT NOT RESPONDING
subscriber_unit_power_lost = ONT DYING GASP
port_all_lost = ALL ONTS LOST ON PON
traffic_anomaly = TRAFFIC ANOMALY
login_failures = REPEATED LOGIN FAILURES
threshold_warning = THRESHOLD CROSSED
maintenance_mode = NE BLOCKED BY USER
"""
