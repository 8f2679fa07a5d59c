"""The page network as a file, and the one that ships with digitus.

Inside: saving, loading and checking. Not inside: the file's format (`files`), how numbers are kept
in it (`storage`), the network at work (`detector`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields
from functools import cache, cached_property
from pathlib import Path

from digitus.detection.confidence import Confidence
from digitus.detection.detector import Detector
from digitus.detection.maps import CHANNELS, CROP_SIDE, STRIDE
from digitus.detection.storage import packed, unpacked
from digitus.errors import ModelError, RecipeError, ShapeError
from digitus.files import UNREADABLE, one_line, read_arrays, write_arrays
from digitus.history import History, history_of
from digitus.nn import Chain, Shape
from digitus.recipe import Recipe, from_table, planned, to_table
from digitus.types import Params

WEIGHTS = Path(__file__).parent.parent / "weights"
DEFAULT = "page"  # the page network that ships
KIND = "page network"
NO_COMPANY = (0.0,) * 3
NO_OTHERS = [0.0] * 4


@dataclass(frozen=True, eq=False)
class PageNetwork:
    """A network that finds digits, and how sure of them to be.

    `history` is what happened to it: pages seen, steps, scores.
    """

    recipe: Recipe
    params: Params
    confidence: Confidence = field(default_factory=Confidence)
    history: History = field(default_factory=History)

    def __post_init__(self) -> None:
        checked(planned_crop, self.recipe.network, self.params)

    @cached_property
    def detector(self) -> Detector:
        """The network at work."""
        return Detector.of(self.recipe.network, self.params)


def save(
    path: Path | str,
    recipe: Recipe,
    params: Params,
    history: History,
    confidence: Confidence | None = None,
) -> None:
    """Writes a network as it was trained.

    Raises `OutputError`, and `ModelError` for anything but a page network.
    """
    network = PageNetwork(recipe, params, confidence or Confidence(), history)
    about = {
        "recipe": to_table(recipe),
        "confidence": asdict(network.confidence),
        "history": history,
    }
    write_arrays(Path(path), packed(params), KIND, about)


def load(path: Path | str = DEFAULT) -> PageNetwork:
    """A page network from its file, or the one that ships; its parameters are float32.

    Raises `ModelError` where it cannot be used, saying why.
    """
    path = WEIGHTS / f"{DEFAULT}.safetensors" if path == DEFAULT else Path(path)
    arrays, about = read_arrays(path, KIND)
    try:
        return PageNetwork(
            from_table(about["recipe"]),
            unpacked(arrays),
            _confidence_of(about["confidence"]),
            history_of(about["history"]),
        )
    except (ModelError, RecipeError, ShapeError, *UNREADABLE) as error:
        raise damaged(path, error) from None


def _confidence_of(table: dict[str, list[float]]) -> Confidence:
    """The weights of a file. Older files have none for what else is on the page."""
    if "alone" not in table:
        alone = table["presence"]
        table = table | {"alone": alone, "presence": [*alone, *NO_COMPANY]}
    table = {"together": NO_OTHERS} | table
    return Confidence(*(tuple(float(w) for w in table[field.name]) for field in fields(Confidence)))


def damaged(path: Path, error: Exception) -> ModelError:
    """What to raise where something in a file's metadata is missing or wrong."""
    what = f"its metadata lack {error}" if isinstance(error, KeyError) else str(error)
    return ModelError(f"{path} is damaged: {one_line(what)}")


@cache
def shipped() -> PageNetwork:
    """The page network that ships: opening its file takes longer than reading a digit."""
    return load()


def planned_crop(network: Chain) -> dict[str, Shape]:
    """As `planned_page`, for the crops that are learnt from."""
    return planned_page(network, CROP_SIDE)


def planned_page(network: Chain, side: int) -> dict[str, Shape]:
    """The shapes of all parameters of a network that finds digits on crops of that side.

    Raises `ShapeError` where its answers have another shape.
    """
    cells = side // STRIDE
    return planned(network, (side, side), (cells, cells, CHANNELS), "the digits of a page")


def checked(plan: Callable[[Chain], dict[str, Shape]], network: Chain, params: Params) -> None:
    """Raises `ModelError` for parameters that do not fit, or answers of another shape."""
    try:
        shapes = plan(network)
    except ShapeError as error:
        raise ModelError(str(error)) from None
    found = {name: a.shape for name, a in params.items()}
    for name in sorted(shapes.keys() | found.keys()):
        if shapes.get(name) != found.get(name):
            wanted, has = (list(s[name]) if name in s else "none" for s in (shapes, found))
            raise ModelError(f"the network needs {name} {wanted}, and the file has {has}")
