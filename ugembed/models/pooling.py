"""From one state per token to one vector per row."""

from __future__ import annotations

import torch
from torch import Tensor


def last_token(hidden: Tensor, attention_mask: Tensor) -> Tensor:
    """The state of the last real token of each row, whichever side the padding is on.

    Args:
        hidden: (n, t, d), or (T, d) of the real tokens alone, row after row.
        attention_mask: (n, t), 1 where a token is real; at least one per row.

    Returns:
        (n, d).
    """
    if hidden.ndim == 2:
        return hidden[attention_mask.sum(dim=1).cumsum(dim=0) - 1]
    positions = torch.arange(attention_mask.shape[1], device=attention_mask.device)
    last = (attention_mask * (positions + 1)).argmax(dim=1)
    return hidden[torch.arange(hidden.shape[0], device=hidden.device), last]
