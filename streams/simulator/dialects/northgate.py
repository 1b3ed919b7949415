"""How Northgate words symptoms: names run together; alternatives, by release, stand apart by " ; ".

Two symptoms may share a wording, as they do in the field.
"""

from __future__ import annotations

from typing import Final

WORDINGS: Final = """
mains_failure = PowerFailureMains
mains_unstable = PowerInputUnstable
rectifier_fault = PsuHardwareFault ; PowerModuleMalfunction
dc_undervoltage = DcVoltageBelowLimit
battery_discharging = BatteryBackupActive
battery_low = BatteryDepleted
battery_missing = BatteryDisconnected
generator_running = GeneratorActive
generator_start_failure = GeneratorStartFailure
load_disconnected = LoadShed
high_temperature = TemperatureExceptional
cooling_fault = ClimateSystemFault
fan_fault = FanHardwareFault
door_open = DoorOpen
water_detected = WaterDetected
humidity_high = HumidityExceptional
loss_of_signal = LossOfSignal
loss_of_frame = LossOfFrame
signal_degraded = SignalDegraded ; LinkDegraded
receive_power_low = RxPowerBelowThreshold ; LinkDegraded
transmit_power_low = TxPowerBelowThreshold
laser_fault = SfpHardwareFault
link_down = LinkFailure
far_end_defect = RemoteFault
protection_switched = ProtectionSwitch
card_fault = HwFault
port_errors = EthernetErrorsHigh ; LinkDegraded
receive_level_low = RadioRxLevelLow
modulation_reduced = AdaptiveModulationDown
microwave_transmit_fault = RadioTxFailure
microwave_receive_loss = RadioRxLoss
outdoor_unit_fault = RadioUnitHwFault
bgp_session_down = BgpPeerDown
adjacency_lost = IgpAdjacencyLost
tunnel_down = TunnelDown ; LspFailure
cpu_overload = ProcessorOverload
memory_high = MemoryUsageHigh
cold_start = SystemRestart
process_restarted = ProgramRestart ; SoftwareFault
packet_loss_high = PacketLossOverThreshold
utilisation_high = UtilizationOverThreshold
latency_high = DelayOverThreshold
configuration_mismatch = ConfigurationMismatch
version_mismatch = SwVersionInconsistent
element_unreachable = HeartbeatFailure
sync_lost = SyncReferenceLost
clock_holdover = ClockHoldover
gnss_fault = GnssReceiverFault
cell_unavailable = ServiceUnavailable
cell_degraded = ServiceDegraded
antenna_mismatch = VswrOverThreshold
radio_unit_fault = RadioUnitHwFault
radio_unit_link_lost = RiLinkFailure
transmit_power_reduced = TxPowerReduced
receive_imbalance = RxDiversityLost
uplink_interference = UplinkNoiseHigh
baseband_fault = BasebandHwFault ; HwFault
backhaul_lost = NgLinkFailure
ipsec_tunnel_lost = IpsecPeerLost
handover_failures = HandoverKpiDegraded ; KpiThreshold
access_failures = AccessKpiDegraded ; KpiThreshold
throughput_low = ThroughputKpiDegraded ; KpiThreshold
traffic_low = TrafficKpiLow ; KpiThreshold
signalling_overload = OverloadProtection
attach_failures = RegistrationKpiDegraded
authentication_failures = AuthenticationKpiDegraded
session_failures = SessionKpiDegraded
registration_failures = ImsRegistrationDegraded
call_setup_failures = CallSetupDegraded
name_lookup_failures = NameResolutionDegraded
charging_timeouts = ChargingTimeout
replication_fault = DbReplicationFault
diameter_link_down = DiameterPeerDown
resource_exhausted = ResourceLimitReached
heartbeat_lost = NfHeartbeatLost
certificate_invalid = CertificateInvalid
subscriber_unit_offline = OntLost
subscriber_unit_power_lost = OntPowerOff
port_all_lost = PonLinkFailure
traffic_anomaly = TrafficAnomaly
login_failures = LoginAttemptsFailed
threshold_warning = ThresholdWarning ; KpiThreshold
maintenance_mode = MaintenanceMode
"""
