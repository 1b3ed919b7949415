"""How Qingyun words symptoms: Title Case names and mnemonics; alternatives, by release, stand apart by " ; ".

Two symptoms may share a wording, as they do in the field.
"""

from __future__ import annotations

from typing import Final

WORDINGS: Final = """
mains_failure = Mains Input Out of Range ; AC Input Failure
mains_unstable = Mains Input Out of Range ; Mains Voltage Fluctuation
rectifier_fault = Rectifier Module Abnormal ; Power Module Communication Failure
dc_undervoltage = DC Output Undervoltage ; Busbar Voltage Low
battery_discharging = Battery Discharging ; Running on Battery
battery_low = Battery Capacity Low ; Battery Voltage Too Low
battery_missing = Battery Loop Broken ; Battery Absent
generator_running = Diesel Generator Running
generator_start_failure = Diesel Generator Start Failure
load_disconnected = Battery LVD Operated ; Load Power-Off
high_temperature = Cabinet Temperature High ; Ambient Temperature Unacceptable
cooling_fault = Air Conditioner Fault ; Heat Exchanger Fault
fan_fault = Fan Stalled
door_open = Cabinet Door Open ; Intrusion Alarm
water_detected = Water Alarm
humidity_high = Humidity Too High
loss_of_signal = ETH_LOS ; R_LOS
loss_of_frame = R_LOF ; Frame Loss
signal_degraded = B2_SD ; Signal Degraded
receive_power_low = Optical Power Abnormal ; IN_PWR_LOW
transmit_power_low = Optical Power Abnormal ; OUT_PWR_LOW
laser_fault = Laser Module Fault ; TF
link_down = ETH_LINK_DOWN ; Port Down
far_end_defect = R_RDI ; Remote Defect
protection_switched = APS_SWITCH ; Ring Protection Switched
card_fault = Board Faulty ; HARD_BAD
port_errors = CRC Errors Exceed Threshold ; ETH_CRC_OVER
receive_level_low = RSL Too Low ; MW_RSL_LOW
modulation_reduced = AM Downshift ; MW_AM_DOWN
microwave_transmit_fault = MW_TX_FAIL
microwave_receive_loss = MW_LOS ; Radio Link Down
outdoor_unit_fault = ODU Fault ; MW_ODU_BAD
bgp_session_down = BGP Peer Down ; BGP_DOWN
adjacency_lost = IS-IS Adjacency Down ; IGP Neighbor Lost
tunnel_down = MPLS Tunnel Down ; LSP Down
cpu_overload = CPU Usage Exceeds Threshold ; CPU Overload
memory_high = Memory Usage Exceeds Threshold
cold_start = Device Restarted ; Cold Start
process_restarted = Process Restart ; Software Abnormal
packet_loss_high = Packet Loss Ratio Exceeds Threshold
utilisation_high = Bandwidth Usage Exceeds Threshold ; Resource Usage High
latency_high = Delay Exceeds Threshold
configuration_mismatch = Configuration Data Inconsistent
version_mismatch = Software Version Inconsistent
element_unreachable = NE Is Disconnected ; NE Communication Broken
sync_lost = Clock Reference Lost ; System Clock Unlocked
clock_holdover = System Clock in Holdover ; Clock Reference Problem
gnss_fault = Satellite Receiver Fault ; Clock Reference Problem
cell_unavailable = Cell Unavailable
cell_degraded = Cell Capability Degraded
antenna_mismatch = RF Unit VSWR Threshold Crossed
radio_unit_fault = RF Unit Hardware Fault ; RF Unit Malfunction
radio_unit_link_lost = RF Unit Maintenance Link Failure ; BBU CPRI Interface Error
transmit_power_reduced = RF Unit TX Channel Gain Out of Range
receive_imbalance = RF Unit RX Channel RTWP/RSSI Unbalanced
uplink_interference = Cell UL Interference Noise High
baseband_fault = Baseband Board Fault ; Board Hardware Fault
backhaul_lost = S1/NG Interface Fault ; SCTP Link Fault
ipsec_tunnel_lost = IKE Negotiation Failure ; IPsec Tunnel Down
handover_failures = Handover Success Rate Low
access_failures = RRC Setup Success Rate Low
throughput_low = Downlink Throughput Low
traffic_low = Cell No Traffic ; Cell Without Users
signalling_overload = Signaling Traffic Congestion ; Flow Control Started
attach_failures = Registration Success Rate Low
authentication_failures = Authentication Success Rate Low
session_failures = PDU Session Success Rate Low
registration_failures = IMS Registration Success Rate Low
call_setup_failures = Call Completion Rate Low
name_lookup_failures = DNS Query Success Rate Low
charging_timeouts = Credit Control Timeout
replication_fault = Database Synchronization Failure
diameter_link_down = Diameter Link Disconnected
resource_exhausted = License or Resource Usage Reaches Limit ; Resource Usage High
heartbeat_lost = NF Heartbeat Lost
certificate_invalid = Certificate Invalid
subscriber_unit_offline = ONU Offline ; Feeder Fiber Interrupted
subscriber_unit_power_lost = ONU Dying Gasp
port_all_lost = PON Port LOS
traffic_anomaly = Abnormal Traffic Detected
login_failures = User Login Failed Repeatedly
threshold_warning = Performance Threshold Crossed
maintenance_mode = NE in Engineering Mode
"""
