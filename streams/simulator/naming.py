"""What vendors call things: made-up vendors, each with its own scheme of names.

The vendors do not exist; their schemes are like those of real ones. It deliberately does not know how they
word alarms (`dialects`).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

VENDORS: Final = ("Qingyun", "Halvorsen", "Northgate", "Meridian", "Castellan")
"""The vendors, one a region in turn. Castellan builds no core, so that its dialect can be kept for tests."""

CORE_VENDORS: Final = VENDORS[:4]

REGIONS: Final = ("North", "Coast", "Capital", "Lakes", "South")
"""The regions; the vendor of `REGIONS[i]` is `VENDORS[i]`."""

_SCHEMES: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "Qingyun": {
            "core_router": "CR-{s}-NE40-{n}",
            "aggregation_router": "AGG-{s}-NE20-{n}",
            "site_router": "{s}-CSG-{n}",
            "fibre_span": "OTS-{s}-{n}",
            "microwave_hop": "RTN-{s}-{n}",
            "baseband": "gNB_{s}",
            "radio_unit": "gNB_{s}/RRU{n}",
            "cell": "gNB_{s}/Cell{n}",
            "power_plant": "{s}-PWR",
            "environment_unit": "{s}-EMU",
            "olt": "{s}-OLT-{n}",
            "splitter": "{s}-OLT/PON-{n}",
        },
        "Halvorsen": {
            "core_router": "hcr{n}.{s}",
            "aggregation_router": "har{n}.{s}",
            "site_router": "hsr{n}.{s}",
            "fibre_span": "olink/{s}/{n}",
            "microwave_hop": "mwlink/{s}/{n}",
            "baseband": "MRBTS-{s}",
            "radio_unit": "MRBTS-{s}/RMOD-{n}",
            "cell": "MRBTS-{s}/NRCELL-{n}",
            "power_plant": "PSU-{s}",
            "environment_unit": "ENVC-{s}",
            "olt": "ISAM-{s}-{n}",
            "splitter": "ISAM-{s}/ODN-{n}",
        },
        "Northgate": {
            "core_router": "{s}CORE{n:02d}",
            "aggregation_router": "{s}AGGR{n:02d}",
            "site_router": "{s}RTR{n:02d}",
            "fibre_span": "{s}FIB{n:02d}",
            "microwave_hop": "{s}MLK{n:02d}",
            "baseband": "ManagedElement={s}",
            "radio_unit": "ManagedElement={s},FieldReplaceableUnit=RU-{n}",
            "cell": "ManagedElement={s},NRCellDU={s}-{n}",
            "power_plant": "{s}PDU01",
            "environment_unit": "{s}SUP01",
            "olt": "{s}FAN{n:02d}",
            "splitter": "{s}FAN01:P{n:02d}",
        },
        "Meridian": {
            "core_router": "{s}-core-r{n}",
            "aggregation_router": "{s}-agg-r{n}",
            "site_router": "{s}-acc-r{n}",
            "fibre_span": "{s}-dwdm-{n}",
            "microwave_hop": "{s}-eband-{n}",
            "baseband": "{s}-du",
            "radio_unit": "{s}-ru-{n}",
            "cell": "{s}-nci-{n}",
            "power_plant": "{s}-dcps",
            "environment_unit": "{s}-envmon",
            "olt": "{s}-olt{n}",
            "splitter": "{s}-olt1-pon{n}",
        },
        "Castellan": {
            "core_router": "K{s}X{n}",
            "aggregation_router": "G{s}X{n}",
            "site_router": "Z{s}X{n}",
            "fibre_span": "GF {s}.{n}",
            "microwave_hop": "RF {s}.{n}",
            "baseband": "BS {s}",
            "radio_unit": "BS {s} KOPF {n}",
            "cell": "BS {s} SEKTOR {n}",
            "power_plant": "GL {s}",
            "environment_unit": "UM {s}",
            "olt": "LT {s}.{n}",
            "splitter": "LT {s}.1 ABZW {n}",
        },
    }
)

_CORE: Final = {
    "amf": "AMF",
    "smf": "SMF",
    "udm": "UDM",
    "upf": "UPF",
    "ims": "CSCF",
    "dns": "DNS",
    "ocs": "CHF",
    "security_gateway": "SEGW",
}


def site_code(vendor: str, region: str, district: int, site: int) -> str:
    """Return a site's code in the vendor's scheme, unique in the network.

    >>> site_code("Meridian", "Lakes", 3, 7)
    'la03-s07'
    """
    short = region[:2].upper()
    if vendor == "Qingyun":
        return f"{short}{district:03d}{site:02d}"
    if vendor == "Halvorsen":
        return f"{1 + REGIONS.index(region)}{district:04d}{site:02d}"
    if vendor == "Northgate":
        return f"{short}{district:03d}{chr(65 + site % 26)}{site // 26 or ''}"
    if vendor == "Meridian":
        return f"{short.lower()}{district:02d}-s{site:02d}"
    return f"{district:03d}/{site:02d}"


def element_name(vendor: str, element_type: str, site: str, number: int) -> str:
    """Return the name of the `number`th element of its type at a site."""
    if element_type in _CORE:
        return f"{_CORE[element_type]}-{site}-{number:02d}"
    return _SCHEMES[vendor][element_type].format(s=site, n=number)


def source_system(vendor: str, region: str, element_type: str, district: int) -> str:
    """Return the element manager that tells of an element: by vendor, technology and district."""
    if element_type in _CORE:
        return f"nfvm-{vendor.lower()}"
    if element_type in ("baseband", "radio_unit", "cell"):
        technology = "ran"
    elif element_type in ("power_plant", "environment_unit"):
        technology = "infra"
    elif element_type in ("olt", "splitter"):
        technology = "access"
    else:
        technology = "ip"
    return f"ems-{vendor.lower()}-{technology}-{region.lower()}-{district // 20}"
