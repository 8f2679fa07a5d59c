"""Inference by a compiled kernel: a whole network in one call.

A picture goes through all layers before the next picture comes, so that what one layer makes is in
the cache when the next layer takes it. Its answer depends neither on the batch that it comes in
nor, except on processors without fused multiply-add, on the width of their vectors. A memory of
examples (`Exemplars`), which is the last layer of an adapted network, is looked through by NumPy
afterwards, for all pictures at once: by products of matrices, which a batch may round otherwise.

Inside: `Inference`, and where the maps of a plan lie in memory. Not inside: making a plan
(`planning`), the kernel (`compiled/network.h`), training.
"""

from __future__ import annotations

import ctypes
import threading
from dataclasses import dataclass
from math import prod
from typing import TypeAlias

import numpy as np

from digitus.nn import kernels, torch_device, winograd
from digitus.nn.exemplars import Exemplars
from digitus.nn.fusion import fused
from digitus.nn.layers import Chain
from digitus.nn.parameters import prefixed, scoped
from digitus.nn.planning import CONV, DENSE, Planner, Step, UnplannedError, Value
from digitus.nn.products import scratch_address
from digitus.types import Array, Numbers, Params, Shape

OUTPUT = -1  # of a map: it lies where the caller wants it
BATCH_OF_VECTORS, BATCH_OF_IMAGES = 256, 32  # pictures whose features wait for a dense layer
ALIGNED = 16  # numbers: maps begin at multiples of it
_Learnt: TypeAlias = tuple[Chain, Params]
SOUND = 1e30  # the size below which an output is; else something has overflowed
MOST_PLANS = 64  # plans that are kept: a page is looked at in parts of some ten shapes


def _structure(name: str, fields: str) -> type[ctypes.Structure]:
    """A structure of whole numbers, and of the addresses W, b, step and map."""
    pointers = {"W", "b", "step", "map"}
    types = [(f, ctypes.c_void_p if f in pointers else ctypes.c_int64) for f in fields.split()]
    return type(name, (ctypes.Structure,), {"_fields_": types})


# As in network.h.
_Map = _structure("_Map", "at h w c border each")
_Step = _structure(
    "_Step", "kind x z y lead channels kernel stride padding relu W b every winograd"
)
_Plan = _structure("_Plan", "steps maps step map dense batch lists blocks")


def _array(
    kind: type[ctypes.Structure], rows: list[tuple[int, ...]]
) -> ctypes.Array[ctypes.Structure]:
    return (kind * len(rows))(*(kind(*row) for row in rows))


@dataclass(frozen=True, eq=False)
class _Planned:
    """A plan for pictures of one shape, and what it points to."""

    address: int
    bytes: int  # of memory that a thread needs
    output: Shape
    kept: tuple[object, ...]


class Inference:
    """A network that is ready for pictures of any shape, from any number of threads."""

    def __init__(self, network: Chain, p: Params) -> None:
        w: Array = next(iter(p.values()), None)
        self._level = kernels.level()
        self._learnt = network, p
        self._elsewhere: dict[str, torch_device.OnDevice] = {}
        self._plans: dict[Shape, _Planned | None] = {}
        self._lock = threading.Lock()
        # W and b of each step, by its number and whether it goes by Winograd's blocks.
        self._packed: dict[tuple[int, bool], tuple[Numbers | None, ...]] = {}
        self._possible = (
            self._level != kernels.NUMPY
            and isinstance(w, np.ndarray)
            and w.dtype in kernels.NUMBERS
            and all(a.dtype == w.dtype for a in p.values())
        )
        if self._possible:
            self._dtype = w.dtype
            first, rest = _before_memory(*fused(network, p))
            (self._network, self._params), self._rest = first, rest
            self._kernel = kernels.function("network", w.dtype, self._level)

    def __call__(self, x: Numbers) -> Numbers | None:
        """What the network gives for bytes or numbers [n h w c]; [n h w] where c is 1.

        None where there are no kernels, or none for one of the layers: then the layers do it. On
        another device than the processor PyTorch does it.
        """
        found = self.checked(x)
        return None if found is None else found[0]

    def checked(self, x: Numbers) -> tuple[Numbers, bool] | None:
        """The same, and whether it is sound: all numbers within ± 1e30, also before a softmax."""
        if (place := torch_device.chosen()) is not None:
            return self._on(place, x)
        if not self._possible:
            return None
        shape = x.shape[1:] if x.ndim == 4 else (*x.shape[1:], 1)
        with self._lock:  # of two threads that pack the same weights one would free the other's
            if shape not in self._plans:
                if len(self._plans) == MOST_PLANS:
                    self._plans.clear()
                self._plans[shape] = self._planned(shape)
            plan = self._plans[shape]
        if plan is None:
            return None
        is_bytes = x.dtype == np.uint8
        x = np.ascontiguousarray(x, None if is_bytes else self._dtype)
        y = np.empty((len(x), *plan.output), self._dtype)
        memory, address = scratch_address(plan.bytes), kernels.address
        sound = self._kernel(plan.address, len(x), address(x), is_bytes, memory, address(y))
        if self._rest is None:
            return y, bool(sound)
        network, p = self._rest
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # the caller is told
            y = network.forward(p, y)[0]
        return y, bool(sound) and bool((np.abs(y) < SOUND).all())

    def _on(self, place: str, x: Numbers) -> tuple[Numbers, bool]:
        """As `checked`, by PyTorch on that device."""
        with self._lock:
            if place not in self._elsewhere:
                self._elsewhere[place] = torch_device.OnDevice(*self._learnt, place)
        y = self._elsewhere[place](x)
        return y, bool((np.abs(y) < SOUND).all())

    def _planned(self, shape: Shape) -> _Planned | None:
        planner = Planner(shape, self._dtype)
        try:
            y = planner.layer(self._network, self._params, planner.input)
        except UnplannedError:
            return None
        if y is planner.input:
            return None
        steps = planner.steps
        dense = next((i for i, s in enumerate(steps) if s.kind == DENSE), len(steps))
        batch = BATCH_OF_VECTORS if dense <= 1 else BATCH_OF_IMAGES
        output = (prod(y.shape),) if y.each else y.shape
        maps, numbers = _laid_out(steps, y, batch)
        index = {value: i for i, value in enumerate(maps)}

        def row(i: int, s: Step) -> tuple[int, ...]:
            x, z = (-1 if v is None else index[v] for v in (s.x, s.z))
            by_blocks = _by_blocks(s)
            if (i, by_blocks) not in self._packed:
                self._packed[i, by_blocks] = self._pack(s, by_blocks)
            W, b = (0 if a is None else kernels.address(a) for a in self._packed[i, by_blocks])
            sizes = (s.lead, s.channels, s.kernel, s.stride, s.padding, s.relu)
            return (s.kind, x, z, index[s.y], *sizes, W, b, s.every, by_blocks)

        c_maps = _array(_Map, [(v.at, *v.shape, v.border, v.each) for v in maps])
        c_steps = _array(_Step, [row(i, s) for i, s in enumerate(steps)])
        at_steps, at_maps = ctypes.addressof(c_steps), ctypes.addressof(c_maps)
        lists = max((prod(s.x.shape) for s in steps[dense:] if s.x), default=0)
        blocks = _aligned(numbers + lists)
        plan = _Plan(len(steps), len(maps), at_steps, at_maps, dense, batch, numbers, blocks)
        size = (blocks + self._for_blocks(steps)) * self._dtype.itemsize
        return _Planned(ctypes.addressof(plan), size, output, (plan, c_steps, c_maps))

    def _for_blocks(self, steps: list[Step]) -> int:
        """How many numbers of memory Winograd's blocks need, of the step that has the most."""
        needed = kernels.function("winograd_memory", self._dtype, self._level)
        sizes = ((s.y, s.x, s.channels, s.stride) for s in steps if s.x and _by_blocks(s))
        return max((needed(y.shape[1], x.shape[-1], o, step) for y, x, o, step in sizes), default=0)

    def _pack(self, s: Step, by_blocks: bool) -> tuple[Numbers | None, ...]:
        """W and b of a step as the kernel reads them; the same for pictures of all shapes."""
        if s.kind in (CONV, DENSE):
            W = np.asarray(s.W)
            W = winograd.kernel_of(W) if by_blocks else W
            return tuple(kernels.packed(np.asarray(a), self._level) for a in (W, s.b))
        wanted = (s.W, s.b)
        return tuple(None if a is None else np.ascontiguousarray(a, self._dtype) for a in wanted)


def _before_memory(network: Chain, p: Params) -> tuple[_Learnt, _Learnt | None]:
    """What comes before a memory of examples, and from there on, if there is one."""
    layers = network.layers if type(network) is Chain else ()
    at = next((i for i, layer in enumerate(layers) if type(layer) is Exemplars), None)
    if at is None:
        return (network, p), None
    parts = []
    for start, stop in ((0, at), (at, len(layers))):
        own = scoped(p, len(layers))[start:stop]
        params = {name: a for i, one in enumerate(own) for name, a in prefixed(i, one).items()}
        parts.append((Chain(layers[start:stop]), params))
    return parts[0], parts[1]


def _by_blocks(s: Step) -> bool:
    """Whether a step is a convolution for which Winograd's blocks are worth it."""
    if s.kind != CONV or s.x is None or (s.kernel, s.stride) not in winograd.KERNELS:
        return False
    h, w, _ = s.y.shape
    return winograd.worth(h, w, s.x.shape[-1], s.channels, stride=s.stride)


def _laid_out(steps: list[Step], output: Value, batch: int) -> tuple[list[Value], int]:
    """The maps of a plan, the output last, each with its place in a thread's memory; and its size.

    A map takes the place of those that no later step reads, so that all of them together stay in
    the cache. Maps of a whole batch keep their places.
    """
    first: dict[Value, int] = {}
    last: dict[Value, int] = {}
    for i, s in enumerate(steps):
        for value in filter(None, (s.x, s.z, s.y)):
            first.setdefault(value, i)
            last[value] = i
    maps = [value for value in first if value is not output]
    placed: list[Value] = []
    for value in maps:  # in the order in which they begin
        if not value.each:
            value.at = _gap(value.size, [v for v in placed if last[v] >= first[value]])
            placed.append(value)
    end = max((_aligned(v.at + v.size) for v in placed), default=0)
    for value in maps:
        if value.each:
            value.at = end
            end = _aligned(end + value.size * batch)
    output.at, output.each = OUTPUT, 1
    return [*maps, output], end


def _gap(size: int, taken: list[Value]) -> int:
    """The first place with room for `size` numbers between those maps, or after them."""
    at = 0
    for other in sorted(taken, key=lambda v: v.at):
        if at + size <= other.at:
            break
        at = max(at, _aligned(other.at + other.size))
    return at


def _aligned(numbers: int) -> int:
    return -(-numbers // ALIGNED) * ALIGNED
