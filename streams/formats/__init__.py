"""The formats alarms come in, read into records and written again."""

from streams.formats.assembly import alarm_id_of
from streams.formats.edge import check_mapping, decode_alarms, detected
from streams.formats.native import decode_record
from streams.formats.three_gpp import to_3gpp
from streams.formats.tmf642 import to_tmf642

__all__ = [
    "alarm_id_of",
    "check_mapping",
    "decode_alarms",
    "decode_record",
    "detected",
    "to_3gpp",
    "to_tmf642",
]
