"""Attention for rows that stand one after the other in a single row, without padding between them.

transformers packs rows for flash attention only; with torch's own kernel it would make one mask of all tokens against
all, whose cost grows with the square of the whole batch. Here each row attends to itself alone, causally, without a
mask: the work is that of the real tokens. Everything else of a layer takes tokens one by one and needs no change.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

NAME = "ugembed_rows"
"""Under which transformers finds it."""


def attend_row_by_row(language_model: Any) -> bool:
    """Let a transformers language model take packed rows; False, and no change, where its kernel is not torch's own.

    Rows that are not packed are computed by the same kernel as before, bit by bit.
    """
    from transformers import AttentionInterface, AttentionMaskInterface
    from transformers.masking_utils import sdpa_mask

    config = language_model.config
    if config._attn_implementation not in ("sdpa", NAME):
        return False
    AttentionInterface.register(NAME, row_attention)
    AttentionMaskInterface.register(NAME, sdpa_mask)
    config._attn_implementation = NAME  # never written to a checkpoint's config.json
    return True


def row_attention(
    module: torch.nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    *,
    row_lengths: list[int] | None = None,
    **options: Any,
) -> tuple[Tensor, None]:
    """torch's scaled dot-product attention, of each packed row apart when ``row_lengths`` are given.

    Args:
        module: The attention layer.
        query, key, value: (n, heads, t, width); n is 1 for packed rows.
        attention_mask: As transformers' kernels take it; not looked at for packed rows, whose tokens are all real.
        row_lengths: Lengths of the packed rows, t in all.
        options: As transformers gives them to every kernel.

    Returns:
        (n, t, heads, width), and None for the weights.
    """
    from transformers.integrations.sdpa_attention import sdpa_attention_forward

    if row_lengths is None:
        whole: Tensor = sdpa_attention_forward(module, query, key, value, attention_mask, **options)[0]
        return whole, None
    rows = zip(*(torch.split(states, row_lengths, dim=2) for states in (query, key, value)), strict=True)
    return torch.cat([sdpa_attention_forward(module, *row, None, **options)[0] for row in rows], dim=1), None
