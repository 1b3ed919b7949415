"""How Castellan words symptoms: plain sentences; alternatives, by release, stand apart by " ; ".

Two symptoms may share a wording, as they do in the field.
"""

from __future__ import annotations

from typing import Final

WORDINGS: Final = """
mains_failure = supply from the grid is gone ; no voltage on phase inputs
mains_unstable = grid voltage wavers
rectifier_fault = converter unit gives no output ; converter module disturbed
dc_undervoltage = busbar voltage under limit
battery_discharging = load carried by accumulators
battery_low = accumulators almost drained
battery_missing = accumulator string not found
generator_running = emergency set is running
generator_start_failure = emergency set refuses to start
load_disconnected = consumers shed to save the string
high_temperature = room too warm
cooling_fault = climate unit out of order
fan_fault = blower stands still
door_open = door contact open
water_detected = moisture on the floor
humidity_high = air too damp
loss_of_signal = no light received ; input dark
loss_of_frame = frame alignment gone
signal_degraded = bit errors beyond limit
receive_power_low = weak light at the input
transmit_power_low = weak light at the output
laser_fault = light source defective
link_down = line has dropped ; port without link
far_end_defect = partner reports disturbance
protection_switched = traffic moved to the spare path
card_fault = plug-in module dead
port_errors = faulty frames on port
receive_level_low = field strength of the beam too small
modulation_reduced = beam works with reduced rate
microwave_transmit_fault = beam transmitter mute
microwave_receive_loss = beam not received
outdoor_unit_fault = mast-head unit disturbed
bgp_session_down = route exchange with partner ended
adjacency_lost = neighbour in routing area lost
tunnel_down = labelled path broken
cpu_overload = computing load too great
memory_high = working store nearly full
cold_start = apparatus has started anew
process_restarted = task ended and started again
packet_loss_high = many packets dropped
utilisation_high = load close to the limit
latency_high = answers come late
configuration_mismatch = settings contradict each other
version_mismatch = releases differ
element_unreachable = apparatus does not answer
sync_lost = beat lost
clock_holdover = beat kept from memory
gnss_fault = no fix from satellites
cell_unavailable = cell taken off air
cell_degraded = cell works below its means
antenna_mismatch = too much power reflected from the aerial
radio_unit_fault = radio head disturbed
radio_unit_link_lost = radio head not reached
transmit_power_reduced = radio head sends with less power
receive_imbalance = receiving branches unlike
uplink_interference = noise in the uplink
baseband_fault = signal processor module dead
backhaul_lost = way to the core cut
ipsec_tunnel_lost = sealed channel broken
handover_failures = changes of cell go wrong
access_failures = devices turned away
throughput_low = data slow in the cell
traffic_low = cell empty against habit
signalling_overload = flood of control messages
attach_failures = devices cannot sign on
authentication_failures = identity checks go wrong
session_failures = data sessions not granted
registration_failures = voice sign-on fails
call_setup_failures = calls do not come about
name_lookup_failures = names not found
charging_timeouts = account server answers late
replication_fault = copies of the register differ
diameter_link_down = partner on the Diameter bus lost
resource_exhausted = stock of resources used up
heartbeat_lost = function gives no sign of life
certificate_invalid = credential no longer valid
subscriber_unit_offline = subscriber box silent
subscriber_unit_power_lost = subscriber box lost its mains
port_all_lost = whole branch silent
traffic_anomaly = unusual flow of packets
login_failures = entry refused several times
threshold_warning = value beyond its mark
maintenance_mode = apparatus locked by staff
"""
