"""Templates of log lines: what each event looks like in each vendor's logs.

`{v}` is a measured value, `{n}` a small number, `{h}` a hexadecimal one, `{p}` a port, `{e}` the element.
Events that differ in their value alone share a template. It deliberately does not know why an event came.
"""

from __future__ import annotations

from typing import Final

VALUES: Final[dict[str, tuple[str, float, float]]] = {
    "voltage_reading": ("voltage", 43.5, 49.5),
    "voltage_normal": ("voltage", 53.0, 54.3),
    "temperature_reading": ("temperature", 46.0, 69.0),
    "temperature_normal": ("temperature", 19.0, 31.0),
    "optical_reading": ("optical", -37.0, -25.0),
    "transceiver_reading": ("transceiver", -18.0, -6.5),
    "radio_reading": ("radio", -88.0, -61.0),
    "link_quality_normal": ("radio", -47.0, -37.0),
    "noise_reading": ("noise", -105.0, -91.0),
    "standing_wave_reading": ("standing_wave", 1.9, 3.4),
    "memory_pressure": ("memory", 91.0, 99.0),
    "fan_speed": ("fan", 9000.0, 14000.0),
    "door_contact": ("door_open", 0.0, 1.0),
    "door_closed": ("door_shut", 0.0, 1.0),
}
"""Events with a value in a range, and the template they share."""

TEMPLATES: Final[dict[str, str]] = {
    "Qingyun": """
voltage|N|PMU|Busbar voltage is {v} V, load current {n} A
temperature|W|ENV|Board temperature of slot {n} is {v} degC
optical|W|PORT|Optical receive power of port {p} is {v} dBm
transceiver|W|PORT|Optical transmit power of port {p} is {v} dBm, bias current {n} mA
radio|N|MWRF|RSL of the IF board is {v} dBm, ATPC gain {n}
noise|N|CELL|RTWP of {e} is {v} dBm
standing_wave|W|RRU|VSWR detected on antenna port {n} is {v}
memory|W|SYS|Memory usage of the main control board reaches {v}%
fan|N|FAN|Fan frame speed adjusted to {v} rpm
door_open|W|ENV|Door status switch changed to OPEN
door_shut|N|ENV|Door status switch changed to CLOSED
power_source_changed|W|PMU|Power supply source switched, input state code {n}
module_not_responding|E|PMU|Communication with power module {n} timed out
port_down|E|IFNET|Interface {p} has turned into DOWN state
card_state|E|DEVM|Board in slot {n} changed state to ABNORMAL, reset cause 0x{h}
error_counter|W|PORT|CRC error packets on {p} increased by {n}00 in 60 s
queue_drops|W|QOS|Packets dropped in queue {n} of {p}
adjacency_change|E|ISIS|Neighbor on {p} changed state from UP to DOWN
session_change|E|BGP|Peer 10.{n}.0.1 state changed from ESTABLISHED to IDLE
configuration_change|N|CFM|User admin{n} modified the running configuration
restart|W|SYS|System start, boot reason 0x{h}
policer_hits|W|SECE|Attack defense dropped {n}000 packets on {p}
clock_state|W|CLK|Clock source changed, mode HOLDOVER
unit_state|E|RRU|RRU chain {n} node state changed to FAULT
software_exception|E|SYS|Exception in task 0x{h}, module {n}
admission_refused|W|CELL|RRC setup rejected, resource insufficient, count {n}
handover_refused|W|CELL|Handover preparation failed, target cell unknown, count {n}
overload_control|W|AMF|Flow control level {n} started
database_error|E|DB|Transaction 0x{h} failed, replica {n} not in sync
peer_timeout|E|DIAM|Peer {n} did not answer, retransmission started
call_rejected|W|CSCF|INVITE rejected with cause 50{n}
lookup_error|W|DNS|Query 0x{h} answered SERVFAIL
handshake_failed|E|IKE|IKE negotiation with peer {n} failed, reason 0x{h}
subscriber_unit_state|W|GPON|ONT {n} changed state to OFFLINE
self_test|N|SYS|Self test {n} passed
time_adjusted|N|NTP|System time adjusted by {n} ms
login|N|AAA|User admin{n} logged in
session_refreshed|N|BGP|Peer 10.{n}.0.1 route refresh received
configuration_saved|N|CFM|Configuration saved by admin{n}
port_flap_counted|N|IFNET|Interface {p} flap counter is {n}
audit|N|OM|Audit {n} finished, no difference
subscriber_unit_joined|N|GPON|ONT {n} registered
""",
    "Halvorsen": """
voltage|I|PSU|INFO: dc bus reading {v}V
temperature|W|HWM|WARN: sensor t{n} reads {v}C
optical|W|OPT|WARN: {p} rxpwr={v}dBm
transceiver|W|OPT|WARN: {p} txpwr={v}dBm lbias={n}mA
radio|I|MWR|INFO: rsl={v}dBm
noise|I|L1|INFO: ul noise avg {v}dBm
standing_wave|W|ALD|WARN: line {n} vswr {v}
memory|W|OS|WARN: mem used {v}%
fan|I|HWM|INFO: fan tray rpm {v}
door_open|W|EAC|WARN: input {n} active (door)
door_shut|I|EAC|INFO: input {n} idle (door)
power_source_changed|W|PSU|WARN: feed change, source={n}
module_not_responding|E|PSU|ERROR: module {n} no reply
port_down|E|ETH|ERROR: {p} oper-state down
card_state|E|HWM|ERROR: unit {n} state faulty, cause {h}
error_counter|W|ETH|WARN: {p} fcs errors +{n}00
queue_drops|W|QOS|WARN: {p} q{n} tail drops
adjacency_change|E|ISIS|ERROR: adjacency over {p} lost, hold time expired
session_change|E|BGP|ERROR: peer 10.{n}.0.1 moved to idle
configuration_change|I|CM|INFO: plan {h} activated by user{n}
restart|W|OS|WARN: startup, reset reason {h}
policer_hits|W|ACL|WARN: filter {n} hits rising on {p}
clock_state|W|SYNC|WARN: reference {n} unusable, holdover
unit_state|E|RM|ERROR: rmod {n} not operational
software_exception|E|OS|ERROR: process {n} dumped core {h}
admission_refused|W|RRM|WARN: {n} admissions refused, no prb
handover_refused|W|RRM|WARN: {n} ho preparations failed, unknown target
overload_control|W|MME|WARN: overload action step {n}
database_error|E|DB|ERROR: write {h} not acknowledged by replica {n}
peer_timeout|E|DIA|ERROR: peer {n} watchdog timeout
call_rejected|W|SIP|WARN: response 50{n} sent
lookup_error|W|DNS|WARN: servfail for id {h}
handshake_failed|E|SEC|ERROR: ike peer {n} auth failed {h}
subscriber_unit_state|W|PON|WARN: ont {n} down
self_test|I|HWM|INFO: test {n} ok
time_adjusted|I|OS|INFO: clock step {n}ms
login|I|SEC|INFO: user{n} session opened
session_refreshed|I|BGP|INFO: peer 10.{n}.0.1 refresh
configuration_saved|I|CM|INFO: snapshot {h} stored
port_flap_counted|I|ETH|INFO: {p} flaps {n}
audit|I|CM|INFO: consistency check {n} ok
subscriber_unit_joined|I|PON|INFO: ont {n} ranged
""",
    "Northgate": """
voltage|6|PowerSupply|dcOutputVoltage={v} loadCurrent={n}
temperature|4|HwUnit|temperatureSensor={n} value={v}
optical|4|SfpModule|port={p} rxPower={v}
transceiver|4|SfpModule|port={p} txPower={v} laserBias={n}
radio|6|RadioLink|rxLevel={v}
noise|6|CellPm|pmRadioRecInterferencePwr={v}
standing_wave|4|RfPort|rfPort={n} vswr={v}
memory|4|NodeSupport|memoryUtilization={v}
fan|6|FanGroup|speed={v}
door_open|4|AlarmPort|alarmPort={n} state=ACTIVE usage=door
door_shut|6|AlarmPort|alarmPort={n} state=IDLE usage=door
power_source_changed|4|PowerSupply|inputSource changed index={n}
module_not_responding|3|PowerSupply|unit={n} heartbeatMissed
port_down|3|EthernetPort|port={p} operationalState=DISABLED
card_state|3|HwUnit|slot={n} operationalState=DISABLED cause={h}
error_counter|4|EthernetPort|port={p} ifInErrors delta={n}00
queue_drops|4|QosQueue|port={p} queue={n} discards
adjacency_change|3|IsisInterface|port={p} adjacencyState=DOWN
session_change|3|BgpPeer|peer=10.{n}.0.1 state=IDLE
configuration_change|6|ConfigAdm|transaction={h} committed user={n}
restart|4|NodeSupport|restartCompleted reason={h}
policer_hits|4|AclFilter|port={p} ruleHits={n}000
clock_state|4|RadioEquipmentClock|clockState=HOLDOVER ref={n}
unit_state|3|RadioUnit|riLink={n} operationalState=DISABLED
software_exception|3|SwItem|pmd={h} program={n}
admission_refused|4|AdmissionControl|blocked={n} cause=licenseOrPrb
handover_refused|4|Mobility|prepFail={n} cause=unknownTarget
overload_control|4|LoadControl|level={n}
database_error|3|DataStore|replica={n} transaction={h} aborted
peer_timeout|3|DiameterPeer|peer={n} dwaTimeout
call_rejected|4|SessionControl|sipResponse=50{n}
lookup_error|4|Resolver|query={h} rcode=2
handshake_failed|3|IkePeer|peer={n} ikeError={h}
subscriber_unit_state|4|Ont|ont={n} state=DISABLED
self_test|6|HwUnit|diagnostic={n} result=OK
time_adjusted|6|Ntp|offsetMs={n}
login|6|Security|user={n} login=OK
session_refreshed|6|BgpPeer|peer=10.{n}.0.1 refresh
configuration_saved|6|ConfigAdm|backup={h} created
port_flap_counted|6|EthernetPort|port={p} flaps={n}
audit|6|ConfigAdm|audit={n} result=OK
subscriber_unit_joined|6|Ont|ont={n} state=ENABLED
""",
    "Meridian": """
voltage|6|PWR|%PWR-6-BUS: {v} volts
temperature|4|ENVMON|%ENVMON-4-TEMP: inlet {n} at {v}C
optical|4|OPTICS|%OPTICS-4-RXPWR: {p} {v} dBm
transceiver|4|OPTICS|%OPTICS-4-TXPWR: {p} {v} dBm bias {n}
radio|6|EBAND|%EBAND-6-RSL: {v}
noise|6|RAN|%RAN-6-ULNOISE: {v} dBm
standing_wave|4|RF|%RF-4-RL: path {n} swr {v}
memory|4|SYSMGR|%SYSMGR-4-MEM: {v} percent in use
fan|6|ENVMON|%ENVMON-6-FAN: {v} rpm
door_open|4|ENVMON|%ENVMON-4-CONTACT: contact {n} open
door_shut|6|ENVMON|%ENVMON-6-CONTACT: contact {n} closed
power_source_changed|4|PWR|%PWR-4-SOURCE: input {n} changed
module_not_responding|3|PWR|%PWR-3-NORESP: module {n}
port_down|3|LINK|%LINK-3-UPDOWN: Interface {p}, changed state to down
card_state|3|OIR|%OIR-3-CRASH: module {n} code {h}
error_counter|4|ETH|%ETH-4-FCS: {p} {n}00 errors
queue_drops|4|QOS|%QOS-4-TAILDROP: {p} class {n}
adjacency_change|3|CLNS|%CLNS-3-ADJCHANGE: {p} Down, hold time expired
session_change|3|BGP|%BGP-3-ADJCHANGE: neighbor 10.{n}.0.1 Down
configuration_change|5|SYS|%SYS-5-CONFIG_I: Configured from vty{n}
restart|5|SYS|%SYS-5-RESTART: reload reason {h}
policer_hits|4|COPP|%COPP-4-DROP: {p} {n}000 pps
clock_state|4|PTP|%PTP-4-STATE: holdover, ref {n}
unit_state|3|RU|%RU-3-STATE: ru{n} down
software_exception|3|SYSMGR|%SYSMGR-3-TRACE: pid {n} at {h}
admission_refused|4|RRC|%RRC-4-REJECT: {n} requests
handover_refused|4|XN|%XN-4-HOPREPFAIL: {n} unknown target
overload_control|4|NAS|%NAS-4-OVERLOAD: level {n}
database_error|3|DB|%DB-3-REPL: txn {h} replica {n}
peer_timeout|3|DIA|%DIA-3-DWTIMEOUT: peer {n}
call_rejected|4|SIP|%SIP-4-REJECT: 50{n}
lookup_error|4|DNS|%DNS-4-SERVFAIL: {h}
handshake_failed|3|IKE|%IKE-3-AUTHFAIL: peer {n} {h}
subscriber_unit_state|4|PON|%PON-4-ONU: onu {n} down
self_test|6|DIAG|%DIAG-6-PASS: test {n}
time_adjusted|6|NTP|%NTP-6-ADJ: {n} ms
login|6|SEC|%SEC-6-LOGIN: vty{n}
session_refreshed|6|BGP|%BGP-6-REFRESH: neighbor 10.{n}.0.1
configuration_saved|6|SYS|%SYS-6-SAVE: {h}
port_flap_counted|6|LINK|%LINK-6-FLAPS: {p} {n}
audit|6|SYS|%SYS-6-AUDIT: {n} ok
subscriber_unit_joined|6|PON|%PON-6-ONU: onu {n} up
""",
    "Castellan": """
voltage|info|strom|rail measured at {v} volts
temperature|warn|klima|probe {n} shows {v} degrees
optical|warn|licht|light at {p} measured {v} dBm
transceiver|warn|licht|light sent on {p} measured {v} dBm
radio|info|funk|beam level {v} dBm
noise|info|funk|noise floor {v} dBm
standing_wave|warn|funk|reflection at aerial {n} factor {v}
memory|warn|rechner|store filled to {v} percent
fan|info|klima|blower turns at {v}
door_open|warn|haus|contact {n} opened
door_shut|info|haus|contact {n} shut
power_source_changed|warn|strom|changeover of supply, position {n}
module_not_responding|err|strom|converter {n} stays silent
port_down|err|netz|{p} without carrier
card_state|err|rechner|module {n} out of duty, code {h}
error_counter|warn|netz|{n}00 broken frames on {p}
queue_drops|warn|netz|queue {n} on {p} spills
adjacency_change|err|netz|neighbour over {p} lost
session_change|err|netz|talk with 10.{n}.0.1 ended
configuration_change|info|bedien|settings changed by operator {n}
restart|warn|rechner|began anew, reason {h}
policer_hits|warn|netz|guard on {p} threw away {n}000 packets
clock_state|warn|takt|beat from memory, source {n}
unit_state|err|funk|head {n} off duty
software_exception|err|rechner|task {n} stumbled at {h}
admission_refused|warn|funk|{n} devices turned away for lack of room
handover_refused|warn|funk|{n} changes refused, goal unknown
overload_control|warn|kern|brake step {n}
database_error|err|kern|entry {h} not copied to {n}
peer_timeout|err|kern|partner {n} silent
call_rejected|warn|kern|call turned down 50{n}
lookup_error|warn|kern|name question {h} failed
handshake_failed|err|siegel|partner {n} not trusted {h}
subscriber_unit_state|warn|haus|box {n} gone
self_test|info|rechner|trial {n} passed
time_adjusted|info|takt|clock moved by {n} ms
login|info|bedien|operator {n} entered
session_refreshed|info|netz|talk with 10.{n}.0.1 renewed
configuration_saved|info|bedien|settings kept {h}
port_flap_counted|info|netz|{p} wavered {n} times
audit|info|bedien|review {n} clean
subscriber_unit_joined|info|haus|box {n} came
""",
}
"""For each vendor, lines of: template name, severity, facility, text."""
