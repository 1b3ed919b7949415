"""GGUF files turned into the folder of safetensors that transformers loads in under a second.

It does not know where the file came from or where the folder is kept.
"""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import Any

from telcollm.errors import MissingExtraError, TelcollmError
from telcollm.model.quiet import quiet_transformers


def convert_gguf(gguf: Path, folder: Path) -> None:
    """Write config, tokenizer and 32-bit weights of the GGUF file into `folder`.

    Raises: TelcollmError where transformers cannot read the file.
    """
    try:
        import gguf as _reader  # noqa: F401  transformers needs it and names it badly when it is missing
        import torch
        import transformers
    except ImportError as error:
        raise MissingExtraError(error.name or "transformers", "model") from error
    try:
        # The GGUF reader draws a bar of its own, which no setting of transformers hides.
        with quiet_transformers(), contextlib.redirect_stderr(io.StringIO()):
            tokenizer: Any = transformers.AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
            loaded: Any = transformers.AutoModelForCausalLM.from_pretrained(
                gguf.parent, gguf_file=gguf.name, dtype=torch.float32
            )
            # A model that was read from GGUF refuses to be saved; one made from its config does not.
            config = loaded.config
            if hasattr(config, "quantization_config"):
                del config.quantization_config
            with torch.device("meta"):
                fresh = type(loaded)(config)
            fresh.load_state_dict(loaded.state_dict(), assign=True)
            fresh.tie_weights()
            fresh.save_pretrained(folder)
            tokenizer.save_pretrained(folder)
    except OSError:
        raise
    except Exception as error:  # whatever a damaged file provokes inside the readers
        message = (
            f"{gguf.name} could not be converted ({type(error).__name__}: {error}); a GGUF file of an "
            "architecture that transformers reads is allowed; pull another file or a safetensors folder"
        )
        raise TelcollmError(message) from error
