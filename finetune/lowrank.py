"""LoRA layers computed in the precision of their base, with weights and gradients kept in float32.

PEFT's own forward widens every activation to float32, which on a CPU with tiles for bfloat16 costs more than
the base itself. Same arithmetic otherwise. Does not know the model.
"""

from __future__ import annotations

from typing import Any

import torch


class LowRank(torch.autograd.Function):
    """`x W' + scale (x A') B'` with W frozen; A and B are float32 and rounded to W's precision on use."""

    @staticmethod
    def forward(
        ctx: Any, x: torch.Tensor, base: torch.Tensor, a: torch.Tensor, b: torch.Tensor, scale: float
    ) -> torch.Tensor:
        """Return the layer's output, of the shape of `x` but for the last dimension."""
        narrow_a, narrow_b = a.to(x.dtype), (b * scale).to(x.dtype)
        flat = x.reshape(-1, x.shape[-1])
        low = flat @ narrow_a.T
        out = flat @ base.T
        out.addmm_(low, narrow_b.T)
        ctx.save_for_backward(flat, base, narrow_a, narrow_b, low)
        ctx.shape, ctx.scale, ctx.dtypes = x.shape, scale, (a.dtype, b.dtype)
        return out.view(*x.shape[:-1], -1)

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """Return the gradients of x, A and B."""
        flat, base, narrow_a, narrow_b, low = ctx.saved_tensors
        grad = grads[0].reshape(-1, grads[0].shape[-1])
        grad_low = grad @ narrow_b
        grad_x = None
        if ctx.needs_input_grad[0]:
            grad_x = (grad @ base).addmm_(grad_low, narrow_a).view(ctx.shape)
        grad_a = (grad_low.T @ flat).to(ctx.dtypes[0])
        grad_b = (grad.T @ low).to(ctx.dtypes[1]).mul_(ctx.scale)
        return grad_x, None, grad_a, grad_b, None


def speed_up(model: Any, adapter: str = "default") -> int:
    """Return how many of a PEFT model's LoRA layers now compute by `LowRank`: plain linear ones without bias.

    Layers of other kinds, or with dropout, keep PEFT's forward.
    """
    from peft.tuners.lora import Linear

    changed = 0
    layers: list[Any] = list(model.modules())
    for layer in layers:
        if not isinstance(layer, Linear) or adapter not in layer.lora_A:
            continue
        base = layer.base_layer
        plain = isinstance(layer.lora_dropout[adapter], torch.nn.Identity) and not layer.use_dora.get(
            adapter, False
        )
        if plain and type(base) is torch.nn.Linear and getattr(base, "bias", None) is None:
            layer.forward = _forward(layer, adapter)
            changed += 1
    return changed


def _forward(layer: Any, adapter: str) -> Any:
    weight = layer.base_layer.weight
    a, b, scale = layer.lora_A[adapter], layer.lora_B[adapter], float(layer.scaling[adapter])

    def forward(x: torch.Tensor, *args: Any, **options: Any) -> Any:
        return LowRank.apply(x, weight, a.weight, b.weight, scale)  # type: ignore[no-untyped-call]

    return forward
