"""What an element can complain of, vendor-neutral: X.733 probable cause, alarm type and severity.

It deliberately does not know how a vendor words it (`dialects`), nor which fault brings it about
(`catalogue`).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple


class Symptom(NamedTuple):
    """One kind of complaint, with the standard's words for it."""

    name: str
    probable_cause: str
    alarm_type: str
    severity: str


_TYPES: Final = {
    "c": "COMMUNICATIONS_ALARM",
    "q": "QUALITY_OF_SERVICE_ALARM",
    "p": "PROCESSING_ERROR_ALARM",
    "e": "EQUIPMENT_ALARM",
    "v": "ENVIRONMENTAL_ALARM",
    "s": "SECURITY_SERVICE_OR_MECHANISM_VIOLATION",
    "i": "PHYSICAL_VIOLATION",
    "t": "TIME_DOMAIN_VIOLATION",
}
_SEVERITIES: Final = {"C": "CRITICAL", "M": "MAJOR", "m": "MINOR", "w": "WARNING"}

# name, type and severity by letter, X.733 probable cause
_TABLE: Final = """
mains_failure v M powerProblem
mains_unstable v m powerProblem
rectifier_fault e M powerProblem
dc_undervoltage e M powerProblem
battery_discharging v m powerProblem
battery_low v C powerProblem
battery_missing e M equipmentMalfunction
generator_running v w powerProblem
generator_start_failure e M equipmentMalfunction
load_disconnected e C powerProblem
high_temperature v M temperatureUnacceptable
cooling_fault v M heatingOrVentilationOrCoolingSystemProblem
fan_fault e m heatingOrVentilationOrCoolingSystemProblem
door_open i w enclosureDoorOpen
water_detected v M floodDetected
humidity_high v m humidityUnacceptable
loss_of_signal c C lossOfSignal
loss_of_frame c M lossOfFrame
signal_degraded c m degradedSignal
receive_power_low c m degradedSignal
transmit_power_low e m transmitFailure
laser_fault e M transmitterFailure
link_down c M communicationsSubsystemFailure
far_end_defect c m remoteNodeTransmissionError
protection_switched c w localNodeTransmissionError
card_fault e C equipmentMalfunction
port_errors c m corruptData
receive_level_low c M degradedSignal
modulation_reduced c w bandwidthReduced
microwave_transmit_fault e C transmitterFailure
microwave_receive_loss c C receiveFailure
outdoor_unit_fault e M receiverFailure
bgp_session_down c M communicationsProtocolError
adjacency_lost c M communicationsProtocolError
tunnel_down c M communicationsSubsystemFailure
cpu_overload p M cpuCyclesLimitExceeded
memory_high p m outOfMemory
cold_start p w softwareError
process_restarted p m softwareProgramAbnormallyTerminated
packet_loss_high q m retransmissionRateExcessive
utilisation_high q m resourceAtOrNearingCapacity
latency_high q m responseTimeExcessive
configuration_mismatch p m configurationOrCustomizationError
version_mismatch p w versionMismatch
element_unreachable c C underlyingResourceUnavailable
sync_lost t M timingProblem
clock_holdover t m timingProblem
gnss_fault e m timingProblem
cell_unavailable c C underlyingResourceUnavailable
cell_degraded q m performanceDegraded
antenna_mismatch e M transmitFailure
radio_unit_fault e M equipmentMalfunction
radio_unit_link_lost c M lossOfSignal
transmit_power_reduced e m performanceDegraded
receive_imbalance e m receiverFailure
uplink_interference q m degradedSignal
baseband_fault e C processorProblem
backhaul_lost c C communicationsSubsystemFailure
ipsec_tunnel_lost c M communicationsProtocolError
handover_failures q m thresholdCrossed
access_failures q M thresholdCrossed
throughput_low q m thresholdCrossed
traffic_low q w thresholdCrossed
signalling_overload p M congestion
attach_failures q M callEstablishmentError
authentication_failures q M thresholdCrossed
session_failures q M thresholdCrossed
registration_failures q M callEstablishmentError
call_setup_failures q M callEstablishmentError
name_lookup_failures q M responseTimeExcessive
charging_timeouts q M responseTimeExcessive
replication_fault p M applicationSubsystemFailure
diameter_link_down c M communicationsProtocolError
resource_exhausted p M resourceAtOrNearingCapacity
heartbeat_lost p C applicationSubsystemFailure
certificate_invalid s M thresholdCrossed
subscriber_unit_offline c m lossOfSignal
subscriber_unit_power_lost v w powerProblem
port_all_lost c M lossOfSignal
traffic_anomaly s M thresholdCrossed
login_failures s w thresholdCrossed
threshold_warning q w thresholdCrossed
maintenance_mode p w configurationOrCustomizationError
"""

SYMPTOMS: Final[Mapping[str, Symptom]] = MappingProxyType(
    {
        name: Symptom(name, cause, _TYPES[kind], _SEVERITIES[severity])
        for name, kind, severity, cause in (line.split() for line in _TABLE.strip().splitlines())
    }
)
"""Every symptom by name."""
