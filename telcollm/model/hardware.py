"""Which device and which precision to compute in.

It does not know the model. 16-bit floats are chosen only where the hardware multiplies them: on a CPU
without AMX tiles, bfloat16 is slower than float32.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from telcollm.errors import SettingsError

if TYPE_CHECKING:
    import torch

_AMX_FLAGS = {"amx_tile", "amx_bf16"}
DTYPES = ("auto", "float32", "bfloat16", "float16")


def has_amx(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """Whether this CPU multiplies bfloat16 in tiles, as far as Linux tells; False elsewhere."""
    with contextlib.suppress(OSError):
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("flags"):
                return set(line.split()) >= _AMX_FLAGS
    return False


def pick_device(asked: str = "auto") -> torch.device:
    """CUDA where there is one and `auto` was asked, else the CPU; else the device asked for.

    Raises: SettingsError for a device that is not there.
    """
    import torch

    if asked == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    kind, _, index = asked.partition(":")
    count = torch.cuda.device_count() if kind == "cuda" else 1
    if kind not in ("cpu", "cuda") or (index and not index.isdigit()) or int(index or 0) >= count:
        message = (
            f"device={asked!r} is not there; allowed are auto, cpu and cuda or cuda:N "
            f"({torch.cuda.device_count()} CUDA devices seen); set model.device to one of these"
        )
        raise SettingsError(message)
    return torch.device(asked)


def pick_dtype(device: torch.device, asked: str = "auto") -> torch.dtype:
    """bfloat16 where the device has it in hardware and `auto` was asked, else float32, else what was asked.

    Raises: SettingsError for a name that is no dtype.
    """
    import torch

    if asked not in DTYPES:
        message = f"dtype={asked!r} is not known; allowed are {', '.join(DTYPES)}; set model.dtype to one"
        raise SettingsError(message)
    if asked != "auto":
        dtype: torch.dtype = getattr(torch, asked)
        return dtype
    if device.type == "cuda":
        with torch.cuda.device(device):
            fast = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        fast = has_amx()
    return torch.bfloat16 if fast else torch.float32
