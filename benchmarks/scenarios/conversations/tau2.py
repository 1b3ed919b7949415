"""What customers of the tau2 telecom tasks write of each fault, and the script that mends it.

The answer key is the task's own: each initial fault has one expected action, and the example operator one
script that tells the customer to do it. The wordings are this suite's, after what the tasks' phones show.
Deliberately does not know how a desk reads them.
Source: tau2-bench telecom (sierra-research/tau2-bench, MIT).
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.scenarios.suite import NotAvailable

FILE: Final = Path("tau2_telecom") / "train_tasks.json"
_ID: Final = re.compile(r"\[(\w+)\](.*)\[PERSONA:\w+\]")

OPENING: Final = {
    "mms_issue": {
        "en": "I cannot send picture messages from my messaging app, it has been like that for some hours.",
        "zh": "我的短信应用发不了彩信，已经几个小时了。",
    },
    "mobile_data_issue": {
        "en": "My mobile data does not work properly, it stops or it is very slow.",
        "zh": "我的流量不正常，要么断，要么特别慢。",
    },
    "service_issue": {
        "en": "My phone has been showing no service for the past few hours.",
        "zh": "我的手机几个小时以来一直显示无服务。",
    },
}
OPENED_BY: Final = {
    "mms_issue": ("check_picture_message",),
    "mobile_data_issue": ("ask_speed_checks", "ask_fault_details"),
    "service_issue": ("ask_fault_details",),
}
FAULTS: Final[dict[str, tuple[str, dict[str, tuple[str, str]]]]] = {
    "airplane_mode_on": (
        "switch_airplane_mode_off",
        {
            "en": ("The status bar shows airplane mode.", "It says flight mode is on, should it?"),
            "zh": ("状态栏显示飞行模式。", "手机上写着飞行模式已开启。"),
        },
    ),
    "unseat_sim_card": (
        "reseat_sim",
        {
            "en": ("The phone says SIM missing.", "It tells me there is no SIM card in it."),
            "zh": ("手机提示无SIM卡。", "它说没有SIM卡，可我没动过。"),
        },
    ),
    "lock_sim_card_pin": (
        "escalate_locked_sim",
        {
            "en": ("It says the SIM is locked with a PIN.", "The screen asks for the PUK."),
            "zh": ("显示SIM卡被锁，要PIN码。", "屏幕上要求输入PUK码。"),
        },
    ),
    "break_apn_settings": (
        "reset_apn",
        {
            "en": ("The APN settings look wrong.", "Under access point names it shows an incorrect APN."),
            "zh": ("APN设置好像不对。", "接入点那里显示的APN不正确。"),
        },
    ),
    "data_mode_off": (
        "switch_data_on",
        {
            "en": ("I see that mobile data is off.", "The status bar says data disabled."),
            "zh": ("我看到移动数据没开。", "状态栏显示数据网络关闭。"),
        },
    ),
    "data_saver_mode_on": (
        "switch_data_saver_off",
        {
            "en": ("Data saver is switched on.", "The phone says it is in data saver mode."),
            "zh": ("省流量模式开着。", "手机提示在省流量模式。"),
        },
    ),
    "bad_vpn": (
        "disconnect_vpn",
        {
            "en": (
                "The status bar shows VPN connected.",
                "I am connected through a VPN, its rating is poor.",
            ),
            "zh": ("状态栏显示VPN已连接。", "我连着VPN，显示质量差。"),
        },
    ),
    "bad_network_preference": (
        "change_network_mode",
        {
            "en": ("The network preference is 2G only.", "It shows 2G and the mode is set to 2G only."),
            "zh": ("网络模式是仅2G。", "手机显示2G，设成2G了。"),
        },
    ),
    "bad_wifi_calling": (
        "switch_wifi_calling_off",
        {
            "en": ("Wi-Fi calling is on.", "It says Wi-Fi calling is enabled."),
            "zh": ("WiFi通话开着。", "显示WiFi通话已启用。"),
        },
    ),
    "break_app_permission": (
        "grant_app_permissions",
        {
            "en": (
                "The messaging app has no storage permission.",
                "App permissions: the SMS permission is denied.",
            ),
            "zh": ("短信应用没有存储权限。", "应用权限里短信权限被拒。"),
        },
    ),
    "user_abroad_roaming_disabled": (
        "offer_roaming",
        {
            "en": (
                "I am abroad in France and have no data here, does roaming work on my line?",
                "I am travelling in France, is roaming enabled for me?",
            ),
            "zh": ("我现在在法国，国外没有流量，我的号码能漫游吗？", "我在法国旅游，漫游开通了吗？"),
        },
    ),
    "overdue_bill_suspension": (
        "explain_suspension",
        {
            "en": ("It seems that my line is suspended, why is that?", "My line has been suspended."),
            "zh": ("我的号码好像被停机了，为什么？", "我被停机了。"),
        },
    ),
    "contract_end_suspension": (
        "suspended_contract_ended",
        {
            "en": ("It seems that my line is suspended, why is that?", "My line has been suspended."),
            "zh": ("我的号码好像被停机了，为什么？", "我被停机了。"),
        },
    ),
}
_ALIKE: Final = {
    "break_apn_mms_setting": "break_apn_settings",
    "break_app_both_permissions": "break_app_permission",
    "break_app_sms_permission": "break_app_permission",
    "break_app_storage_permission": "break_app_permission",
    "user_abroad_roaming_disabled_off": "user_abroad_roaming_disabled",
    "user_abroad_roaming_disabled_on": "user_abroad_roaming_disabled",
}


@dataclass(frozen=True, slots=True)
class Task:
    """A task: what is the matter, and its faults that a customer can tell of and a script mends."""

    number: int
    matter: str
    faults: tuple[str, ...]
    allowance_used: bool


def tasks() -> list[Task]:
    """Return the training tasks in their order.

    Raises:
        NotAvailable: the data folder is not there.
    """
    folder = os.environ.get("TELCOLLM_DATA_DIR", "")
    path = Path(folder) / FILE
    if not folder or not path.is_file():
        message = (
            f"the tau2 telecom tasks are not at {path}; the folder of public data that holds {FILE} is "
            "needed; set TELCOLLM_DATA_DIR to it"
        )
        raise NotAvailable(message)
    found = []
    for number, entry in enumerate(json.loads(path.read_text(encoding="utf-8"))):
        named = _ID.fullmatch(entry["id"])
        if named is None:
            continue
        faults = named[2].split("|")
        known = dict.fromkeys(_ALIKE.get(fault, fault) for fault in faults)
        told = tuple(fault for fault in known if fault in FAULTS)
        found.append(Task(number, named[1], told, "data_usage_exceeded" in faults))
    return found
