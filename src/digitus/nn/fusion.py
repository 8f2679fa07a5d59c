"""Fusion: a network for inference whose batch normalisations have gone into its convolutions.

At inference BatchNorm is a fixed scale and shift of each channel, y = a x + c with
a = γ / √(var + ε) and c = β - a mean. After a convolution x = z ⋆ W + b that is one convolution,
y = z ⋆ (W a) + (a b + c); so it costs nothing (Jacob et al. 2018, section 3.2, folds it likewise).

Inside: `fused`. Not inside: training, which needs the two apart.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import TypeGuard

from digitus.nn.arrays import namespace
from digitus.nn.branches import branches
from digitus.nn.layers import Chain, Layer
from digitus.nn.parameters import prefixed, scoped
from digitus.nn.spatial import BatchNorm, Conv
from digitus.types import Params


def fused(network: Chain, p: Params) -> tuple[Chain, Params]:
    """A network with the same answers at inference, and its parameters.

    Each `Conv` with a `BatchNorm` right after it becomes a `Conv`, also within nested chains;
    everything else stays, and so do layers and chains of classes derived from these, which may have
    other equations. `p` is not changed.
    """
    if type(network) is not Chain:
        return network, p
    layers: list[Layer] = []
    params: Params = {}
    for layer, own in zip(network.layers, scoped(p, len(network.layers)), strict=True):
        if goes_into(layer, layers[-1] if layers else None):
            i = len(layers) - 1
            a = own["gamma"] / namespace(own["var"]).sqrt(own["var"] + layer.epsilon)
            W, b = params[f"{i}.W"], params[f"{i}.b"]
            params |= {f"{i}.W": W * a, f"{i}.b": (b - own["mean"]) * a + own["beta"]}
            continue
        layer, own = _inside(layer, own)
        params |= prefixed(len(layers), own)
        layers.append(layer)
    return Chain(layers), params


def goes_into(layer: Layer, before: Layer | None) -> TypeGuard[BatchNorm]:
    """Whether a layer goes into the one before it."""
    return type(layer) is BatchNorm and type(before) is Conv


def _inside(layer: Layer, p: Params) -> tuple[Layer, Params]:
    """A layer with the chains that it holds fused, and its parameters."""
    held = branches(layer)
    if not held:
        return layer, p
    params: Params = {}
    chains: dict[Chain, Chain] = {}
    for prefix, chain in held.items():
        own = {name.removeprefix(prefix): a for name, a in p.items() if name.startswith(prefix)}
        chains[chain], own = fused(chain, own)
        params |= {prefix + name: a for name, a in own.items()}
    if isinstance(layer, Chain):
        return chains[layer], params
    assert is_dataclass(layer)
    values = {f.name: getattr(layer, f.name) for f in fields(layer)}
    inner = {name: chains[v] for name, v in values.items() if isinstance(v, Chain)}
    return replace(layer, **inner), params
