"""LoRA adapters by name over one base: loaded once each, switched per call, the base never loaded again.

It does not know what an adapter was trained for, or whether it may be used.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from telcollm.errors import MissingExtraError, TelcollmError
from telcollm.model.quiet import quiet_transformers


class Adapters:
    """The adapters of one base model, each read from its folder when it is first asked for."""

    def __init__(self, model: Any, paths: Mapping[str, Path]) -> None:
        self._model = model
        self._peft: Any = None
        self._paths: dict[str, Path] = {}
        self._loaded: set[str] = set()
        for name, path in paths.items():
            self.add(name, path)

    @property
    def names(self) -> tuple[str, ...]:
        """Names that may be used, sorted."""
        return tuple(sorted(self._paths))

    def add(self, name: str, path: Path) -> None:
        """Make an adapter known; it is read at first use.

        Raises: TelcollmError where the folder holds no adapter, or the name is another's already.
        """
        # peft makes the name a part of the names of modules.
        if not name or "." in name:
            message = f"adapter name {name!r} is empty or holds a dot; use letters, digits, '-' and '_'"
            raise TelcollmError(message)
        if not (path / "adapter_config.json").is_file():
            message = (
                f"adapter={name!r}: {path} holds no adapter_config.json; a folder as PEFT saves it is "
                "allowed; correct the path or train the adapter"
            )
            raise TelcollmError(message)
        if self._paths.get(name, path) != path:
            message = (
                f"adapter={name!r} is {self._paths[name]} already, not {path}; one folder per name is "
                "allowed; give the new one a name of its own"
            )
            raise TelcollmError(message)
        self._paths[name] = path

    def check(self, name: str | None) -> None:
        """Pass where the name is known, or None for the bare base.

        Raises: TelcollmError listing the known names.
        """
        if name is not None and name not in self._paths:
            known = ", ".join(self.names) or "none"
            message = (
                f"adapter={name!r} is not known; known adapters: {known}; add it or ask for one of these"
            )
            raise TelcollmError(message)

    @contextlib.contextmanager
    def using(self, name: str | None) -> Iterator[None]:
        """The base model computes with this adapter inside, with none where None.

        Raises: TelcollmError for an adapter that is not known or does not fit the base.
        """
        self.check(name)
        if name is None:
            with self._peft.disable_adapter() if self._peft is not None else contextlib.nullcontext():
                yield
            return
        if name not in self._loaded:
            self._load(name)
        self._peft.set_adapter(name, inference_mode=True)
        yield

    def _load(self, name: str) -> None:
        try:
            import peft
        except ImportError as error:
            raise MissingExtraError(package="peft", extra="model") from error
        path = self._paths[name]
        # Adapters stay in the precision of the base: peft would widen them, which costs time on every layer.
        options = {"is_trainable": False, "autocast_adapter_dtype": False, "local_files_only": True}
        try:
            with quiet_transformers():
                config = peft.PeftConfig.from_pretrained(path)
                if config.peft_type != peft.PeftType.LORA:
                    message = f"its kind is {config.peft_type}, LORA is allowed"
                    raise ValueError(message)
                if self._peft is None:
                    wrapped = peft.get_peft_model(
                        self._model, config, adapter_name=name, autocast_adapter_dtype=False
                    )
                    try:
                        wrapped.load_adapter(str(path), adapter_name=name, **options)
                    except Exception:
                        wrapped.unload()  # half-read layers must not stay in the base
                        raise
                    self._peft = wrapped
                else:
                    self._add_to_others(path, name, options)
        except Exception as error:  # peft raises whatever torch, safetensors or json do
            message = (
                f"adapter={name!r} in {path} cannot be loaded over this base ({type(error).__name__}: "
                f"{error}); a LoRA adapter of the same base is allowed; train it again or correct the path"
            )
            raise TelcollmError(message) from error
        self._peft.eval()
        self._loaded.add(name)

    def _add_to_others(self, path: Path, name: str, options: Mapping[str, Any]) -> None:
        try:
            self._peft.load_adapter(str(path), adapter_name=name, **options)
        except Exception:
            if name in self._peft.peft_config:
                self._peft.delete_adapter(name)
            raise
