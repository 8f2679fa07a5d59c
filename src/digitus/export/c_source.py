"""C99: one header and one source that read a digit, allocate no memory and need math.h alone.

The functions that compute stand in `parts/float32.c` and `parts/int8.c`, written by hand; only
those that the network needs are taken. Around them this module writes the weights and, for each
network, the calls one after the other, in a block of memory that the caller provides.

Inside: the text of both files. Not inside: compiling and running them (`c_run`), what int8 does
with numbers (`integers`), where values lie (`memory`).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from importlib.resources import files
from math import prod

from digitus.errors import ExportError
from digitus.export.c_calls import CALLS, QUANTISED_CALLS, Lines, real
from digitus.export.c_run import identifier, runner
from digitus.export.card import About
from digitus.export.integers import integers
from digitus.export.made import Made
from digitus.export.memory import Step, laid_out
from digitus.export.operations import Network
from digitus.export.precision import Precision
from digitus.nn.deslant import EPSILON, LEAST_INK

IN_PLACE = ("affine", "relu", "sigmoid", "tanh", "softmax", "add", "table")


def make(members: Sequence[Network], about: About, precision: Precision, name: str) -> Made:
    """Header and source, and the machine's own compiler to run them."""
    if precision == "float16":
        raise ExportError("C99 knows no numbers of 16 bits; there are float32 and int8")
    prefix = identifier(name)
    text = Lines()
    elements = [
        (_float_network if precision == "float32" else _int8_network)(text, i, member)
        for i, member in enumerate(members)
    ]
    element = "float" if precision == "float32" else "uint8_t"
    ram = max(elements) * (4 if precision == "float32" else 1)
    header = _header(prefix, about, members[0].size, element, max(elements), ram, text.bytes)
    source = _source(name, text, members, about, element, precision)
    # Only the name of its header can make the source other than ASCII.
    made = {".h": header.encode("ascii", "replace"), ".c": os.fsencode(source)}
    run, why_not = runner(made, name, members[0].outputs)
    return Made(made, run, why_not)


def _float_network(text: Lines, number: int, network: Network) -> int:
    """The function of a network in float32; returns how many floats its values need."""
    steps = [
        Step(o.inputs, prod(o.shape), same=o.kind == "flatten", in_place=o.kind in IN_PLACE)
        for o in network.operations
    ]
    starts, total = laid_out(prod(network.size), steps)
    at = [f"at + {start}" for start in starts]
    text.begin(number, "const uint8_t *image, float *at, float *z")
    text.call("pixels", "image", prod(network.size), at[0])
    for k, operation in enumerate(network.operations):
        if operation.kind not in CALLS and operation.kind != "flatten":
            raise ExportError(f"{operation.layer} cannot be exported to C")
        if operation.kind != "flatten":
            shapes = [network.shape_of(i) for i in operation.inputs]
            inputs = [at[i] for i in operation.inputs]
            CALLS[operation.kind](text, operation, shapes, inputs, at[k + 1])
    loop = f"for (int t = 0; t < {network.outputs}; t++)"
    text.end(f"const float *out = {at[-1]};", loop, "    z[t] = out[t];")
    return total


def _int8_network(text: Lines, number: int, network: Network) -> int:
    """The function of a network in whole numbers; returns how many bytes its values need."""
    whole = integers(network)
    steps = [
        Step(o.inputs, prod(o.shape), same=o.kind == "same", in_place=o.kind in IN_PLACE)
        for o in whole.operations
    ]
    starts, total = laid_out(0, steps)
    at = ["image" if start is None else f"at + {start}" for start in starts]
    text.begin(number, "const uint8_t *image, uint8_t *at, float *z")
    grids = [None, *(o.grid for o in whole.operations)]
    zeros = [grid.zero if grid else 0 for grid in grids]
    for k, operation in enumerate(whole.operations):
        if operation.kind != "same":
            shapes = [network.shape_of(i) for i in operation.inputs]
            inputs = [(at[i], zeros[i]) for i in operation.inputs]
            QUANTISED_CALLS[operation.kind](text, operation, shapes, inputs, at[k + 1])
    last = whole.operations[-1]
    if "step" not in last.arrays:
        text.call("real", at[-1], network.outputs, last.grid.zero, real(last.grid.scale), "z")
    text.end()
    return max(total, 1)


def _header(
    prefix: str, about: About, size: Sequence[int], element: str, elements: int,
    ram: int, constants: int,
) -> str:  # fmt: skip
    """The header: what it is, what it needs, how it is called."""
    upper = prefix.upper()
    height, width = size
    card = about["card"].replace("*/", "* /")
    return f"""/*
{_commented(card)}
 *
 * Memory: {ram:,} bytes in {prefix}_memory, and some 300 bytes of stack. Constants: {constants:,}
 * bytes, which a microcontroller keeps in flash beside 2 to 4 kB of code. C99; no library but the
 * mathematical one (-lm); asks for no memory, keeps no state, and may run in several threads, each
 * with a {prefix}_memory of its own.
 *
 *     static {prefix}_memory memory;
 *     uint8_t image[{upper}_HEIGHT * {upper}_WIDTH];   (row by row, 0 paper, 255 ink)
 *     float probabilities[{len(about["classes"])}];
 *     int digit = {prefix}_read(image, probabilities, &memory);
 *     if (digit == {upper}_REFUSED) ...
 */
#ifndef {upper}_H
#define {upper}_H

#include <stdint.h>

#define {upper}_HEIGHT {height}
#define {upper}_WIDTH {width}
#define {upper}_REFUSED (-1)

typedef struct {{
    {element} at[{elements}];
}} {prefix}_memory;

/* The digit of an image of HEIGHT * WIDTH bytes, or REFUSED; and how probable each digit is. */
int {prefix}_read(const uint8_t *image, float *probabilities, {prefix}_memory *memory);

#endif
"""


def _source(
    name: str, text: Lines, members: Sequence[Network], about: About, element: str,
    precision: str,
) -> str:  # fmt: skip
    """The source: the functions needed, the weights, the networks, and the function to call."""
    prefix = identifier(name)
    calls = "".join(
        f"    network_{i}(image, memory->at, z);\n"
        f"    weigh(z, {real(1 / member.temperature)}, {real(1 / len(members))}, "
        "probabilities);\n"
        for i, member in enumerate(members)
    )
    outputs = members[0].outputs
    return f"""/* Made by digitus; the header says what it is. */
#include "{name}.h"

#include <math.h>

{_parts(precision, text.used)}
/* weigh: adds the softmax of z / temperature, times a share, to the probabilities. */
static void weigh(const float *z, float cool, float share, float *probabilities)
{{
    float largest = z[0], sum = 0.0F;
    for (int t = 1; t < {outputs}; t++)
        largest = z[t] > largest ? z[t] : largest;
    for (int t = 0; t < {outputs}; t++)
        sum += expf((z[t] - largest) * cool);
    for (int t = 0; t < {outputs}; t++)
        probabilities[t] += expf((z[t] - largest) * cool) / sum * share;
}}

{text.tables}
{text.functions}
int {prefix}_read(const uint8_t *image, float *probabilities, {prefix}_memory *memory)
{{
    float z[{outputs}];
    int best = 0;
    for (int t = 0; t < {outputs}; t++)
        probabilities[t] = 0.0F;
{calls}    for (int t = 1; t < {outputs}; t++)
        best = probabilities[t] > probabilities[best] ? t : best;
    return probabilities[best] >= {real(about["threshold"])} ? best : {prefix.upper()}_REFUSED;
}}
"""


def _parts(precision: str, used: Iterable[str]) -> str:
    """The functions of a file that are used, in the file's order."""
    text = (files("digitus.export") / "parts" / f"{precision}.c").read_text("utf-8")
    found = re.split(r"(?m)^(?=/\* )", text)[1:]
    by_name = {re.match(r"/\* (\w+)", part)[1]: part for part in found}  # type: ignore[index]
    chosen = "".join(part for name, part in by_name.items() if name in used)
    return chosen.replace("LEAST_INK", real(LEAST_INK)).replace("EPSILON", real(EPSILON))


def _commented(text: str) -> str:
    return "\n".join(f" * {line}".rstrip() for line in text.splitlines())
