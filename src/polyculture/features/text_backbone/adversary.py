"""Training against the disturbance of the tokens' vectors that would cost most."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn


@contextmanager
def disturbed(values: nn.Parameter, size: float) -> Iterator[None]:
    r"""Move a parameter along its gradient inside a ``with``, and back.

    .. math:: \theta' = \theta + \epsilon \frac{g}{\lVert g \rVert_2}

    The whole parameter is moved at once, along the mean gradient of a batch, and not each text along its own.
    A step that also lowers the loss at :math:`\theta'` leaves the network less to learn by heart.

    Parameters
    ----------
    values : torch.nn.Parameter
        Without a gradient it stays where it is.
    size : float
        :math:`\epsilon`, the length of the move.

    References
    ----------
    Miyato et al. 2017, arXiv:1605.07725.

    Examples
    --------
    >>> import torch
    >>> from polyculture.features.text_backbone.adversary import disturbed
    >>> values = torch.nn.Parameter(torch.zeros(2))
    >>> values.grad = torch.tensor([3.0, 4.0])
    >>> with disturbed(values, 1.0):
    ...     [round(value, 1) for value in values.tolist()]
    [0.6, 0.8]
    >>> values.tolist()
    [0.0, 0.0]
    """
    length = 0.0 if values.grad is None else float(values.grad.norm())
    if values.grad is None or not length:
        yield
        return
    before = values.detach().clone()
    with torch.no_grad():
        values.add_(values.grad, alpha=size / length)
    try:
        yield
    finally:
        with torch.no_grad():
            values.copy_(before)
