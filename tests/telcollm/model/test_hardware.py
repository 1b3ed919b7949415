from __future__ import annotations

from pathlib import Path

import pytest
import torch

from telcollm.errors import SettingsError
from telcollm.model.hardware import has_amx, pick_device, pick_dtype


@pytest.mark.parametrize(
    ("flags", "fast"),
    [
        ("flags\t\t: fpu avx512_bf16 amx_bf16 avx512_fp16 amx_tile amx_int8", True),
        ("flags\t\t: fpu avx512_bf16 amx_bf16", False),
        ("flags\t\t: fpu avx2", False),
        ("Features\t: fp asimd bf16", False),
    ],
)
def test_bfloat16_is_fast_only_where_the_cpu_has_tiles_for_it(flags: str, fast: bool, tmp_path: Path) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text(f"processor\t: 0\n{flags}\n")
    assert has_amx(cpuinfo) is fast


def test_without_a_cpuinfo_nothing_is_assumed(tmp_path: Path) -> None:
    assert has_amx(tmp_path / "absent") is False


def test_the_precision_follows_the_hardware_unless_it_is_asked_for() -> None:
    cpu = torch.device("cpu")
    assert pick_dtype(cpu) == (torch.bfloat16 if has_amx() else torch.float32)
    assert pick_dtype(cpu, "float32") == torch.float32
    assert pick_dtype(cpu, "bfloat16") == torch.bfloat16
    with pytest.raises(SettingsError, match="dtype='int4' is not known"):
        pick_dtype(cpu, "int4")


def test_the_device_is_cuda_where_there_is_one_unless_it_is_asked_for() -> None:
    assert pick_device().type == ("cuda" if torch.cuda.is_available() else "cpu")
    assert pick_device("cpu") == torch.device("cpu")
    for wrong in ("tpu", "cuda:99", "cpu:1", "cuda:x"):
        with pytest.raises(SettingsError, match="is not there"):
            pick_device(wrong)
