"""Inside the network: what each layer makes of an image, and which pixels speak for each digit.

Inside: activations layer by layer, the equations from the layers' own docstrings, and digitus's own
backward pass from each output to the pixels. Not inside: equations with their numbers while
training (`equations`).
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from starlette.requests import Request
from starlette.responses import Response

from digitus.nn import softmax
from digitus.nn.layers import scoped
from digitus.recognizer import Recognizer
from digitus.serve import bodies
from digitus.serve.bodies import PIXELS, SIDE, answer, packed, refusal
from digitus.serve.recognizing import rounded
from digitus.serve.work import Workshop
from digitus.types import Grey, Images, Numbers, Params

MOST_EDITS = 1000
LARGEST_EDIT = 1e6


@dataclass(frozen=True)
class Inside:
    """The handlers that open the network."""

    recognizer: Recognizer
    workshop: Workshop

    async def look(self, request: Request) -> Response:
        """POST /api/inside."""
        wanted = self._wanted(request)
        if bodies.is_json(request):
            body = await bodies.json_object(request)
            image = bodies.pixels(body.get("pixels"), "pixels", (PIXELS,))
            params = self._edited(body.get("edits", []))
        else:
            raw = await request.body()
            if len(raw) != PIXELS:
                raise refusal(400, f"send the {PIXELS} bytes of one 28 x 28 image, not {len(raw)}")
            image, params = np.frombuffer(raw, np.uint8), self.recognizer.params
        found = await self.workshop.do(
            look, self.recognizer, params, image.reshape(SIDE, SIDE), wanted
        )
        return answer(found)

    async def weights(self, request: Request) -> Response:
        """GET /api/weights/NAME."""
        name = request.path_params["name"]
        if name not in self.recognizer.params:
            raise refusal(404, "the network has no parameter of that name")
        return answer(floats(self.recognizer.params[name]))

    def _wanted(self, request: Request) -> frozenset[int]:
        """The layers whose activations are asked for: ?layers=1,3; all without it."""
        count = len(self.recognizer.recipe.network.layers)
        text = bodies.once(request, "layers")
        if text is None:
            return frozenset(range(count))
        numbers = [part for part in text.split(",") if part]
        if not all(p.isascii() and p.isdecimal() and len(p) < 5 for p in numbers):
            raise refusal(400, "?layers= must be numbers of layers with commas between them")
        return frozenset(map(int, numbers))

    def _edited(self, edits: Any) -> Params:
        """The parameters with some numbers replaced; only the arrays concerned are copied."""
        if not isinstance(edits, list) or len(edits) > MOST_EDITS:
            raise refusal(400, f"edits must be a list of at most {MOST_EDITS}")
        params, copied = dict(self.recognizer.params), set()
        for edit in edits:
            if not isinstance(edit, dict) or not isinstance(edit.get("name"), str):
                raise refusal(
                    400, 'an edit looks like {"name": "1.W", "index": [0, 3], "value": 0.5}'
                )
            name, index = edit["name"], edit.get("index")
            if name not in params:
                raise refusal(400, "an edit names a parameter that the network does not have")
            value = bodies.number(edit.get("value"), "the value of an edit")
            if abs(value) > LARGEST_EDIT:
                raise refusal(400, f"the value of an edit must be at most {LARGEST_EDIT:g}")
            shape = params[name].shape
            if not (isinstance(index, list) and len(index) == len(shape)) or not all(
                isinstance(i, int) and not isinstance(i, bool) and 0 <= i < size
                for i, size in zip(index, shape, strict=True)
            ):
                raise refusal(400, f"the index of an edit of {name} must lie in {list(shape)}")
            if name not in copied:
                params[name] = params[name].copy()
                copied.add(name)
            params[name][tuple(index)] = value
        return params


def look(
    recognizer: Recognizer, params: Params, image: Grey, wanted: frozenset[int]
) -> dict[str, Any]:
    """Every layer's activation for one image [28 28], and each output's gradient by the pixels.

    The image goes through ten times at once, so that one backward pass, with dy the identity,
    carries each output's own gradient back to a copy of its own: rows k of dx are d y_k / d x.
    """
    network = recognizer.recipe.network
    x = np.repeat(as_numbers(image[None], params), 10, axis=0)
    shape, trail, layers = x.shape[1:], [], []
    with np.errstate(over="ignore", invalid="ignore"):
        each = scoped(params, len(network.layers))
        for i, (layer, own) in enumerate(zip(network.layers, each, strict=True)):
            y, backward = layer.forward(own, x)
            trail.append(backward)
            about = {
                "index": i,
                "name": named(layer),
                "kind": type(layer).__name__,
                "settings": settings_of(layer),
                **equations_of(layer),
                "shape_in": list(x.shape[1:]),
                "shape_out": list(y.shape[1:]),
                "params": {f"{i}.{name}": list(a.shape) for name, a in own.items()},
            }
            if i in wanted:
                about["activation"] = floats(y[0])
            layers.append(about)
            x = y
        dy = np.eye(10, dtype=x.dtype)
        for backward in reversed(trail):
            dy, _ = backward(dy)
        p = softmax(x[:1] / recognizer.temperature)[0]
    gradient = dy.reshape(10, SIDE, SIDE)
    if not (np.isfinite(gradient).all() and np.isfinite(p).all()):
        raise refusal(400, "with these weights the network's outputs are not finite")
    best = int(p.argmax())
    return {
        "shape": list(shape),
        "layers": layers,
        "outputs": rounded(x[0], 5),
        "probabilities": rounded(p),
        "value": best if p[best] >= recognizer.threshold else None,
        "confidence": round(float(p[best]), 6),
        "temperature": recognizer.temperature,
        "threshold": recognizer.threshold,
        "gradient": floats(gradient),
        "evidence": floats(gradient * image),
    }


def as_numbers(images: Images, params: Params) -> Numbers:
    """Bytes [n h w] as inputs [n h w 1] that can be looked at, unlike those of `parallel`."""
    return images[..., None].astype(next(iter(params.values())).dtype)


def floats(array: Numbers) -> dict[str, Any]:
    """An array for the page: its shape, and its numbers as float32."""
    return {"shape": list(array.shape), "data": packed(array, "<f4")}


def settings_of(layer: Any) -> dict[str, Any]:
    """A layer's settings by name."""
    return {f.name: getattr(layer, f.name) for f in fields(layer)}


def named(layer: Any) -> str:
    """A layer as one writes it: "Conv(16)", "MaxPool(2)", "Relu"; settings of 0 are none."""
    first = list(settings_of(layer).values())[:1]
    return type(layer).__name__ + "".join(f"({value:g})" for value in first if value)


def equations_of(layer: Any) -> dict[str, str]:
    """What the layer's docstring says: the equation forward, the one backward, and the rest.

    The first line is "y = ...;   dx = ..."; where it has no backward half, the first sentence
    below that begins with a gradient is it.
    """
    head, _, rest = (inspect.getdoc(layer) or "").partition("\n\n")
    forward, _, backward = " ".join(head.split()).partition("; ")
    words = " ".join(rest.split())
    if not backward:
        start = min((words.find(d) for d in ("dW ", "dx =") if d in words), default=-1)
        if start >= 0:
            backward = words[start:]
    backward = backward.strip().partition(". ")[0].removesuffix(".")
    return {"equation": forward.strip().removesuffix("."), "gradient": backward, "about": words}
