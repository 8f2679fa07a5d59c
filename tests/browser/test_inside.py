"""Inside in the browser: folded blocks say what they compute, letters light their numbers."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from browser.conftest import PHONE, Server, Visit, open_blocks, sure, until
from browser.visits import holding
from digitus import nn
from digitus.recipe.settings import LAYERS
from digitus.serve.layer_words import settings_of

if TYPE_CHECKING:
    from playwright.sync_api import Locator

pytestmark = pytest.mark.slow

# The equations that are seen of an element, and whether each has all the room that it needs.
SHOWN = """e => [...e.querySelectorAll('.equation-box')].filter((box) => box.checkVisibility()
  && box.querySelector('math')).map((box) => [box.textContent,
  box.scrollWidth <= box.clientWidth + 1])"""


def equations(block: Locator) -> list[str]:
    """The equations of a block that are seen, all of them whole."""
    shown = block.evaluate(SHOWN)
    assert all(whole for _, whole in shown), shown
    return [text for text, _ in shown]


def test_a_folded_block_shows_the_equations_of_all_its_layers(visit: Visit, server: Server) -> None:
    page = visit.page(server.address + "#inside")
    page.wait_for_selector(".block .maps:visible")
    for way in ("Forward", "Backward"):
        page.get_by_role("button", name=way, exact=True).click()
        counts = []
        for block in page.locator(".block:has(.layer)").all():
            folded = equations(block)
            counts.append(len(folded))
            unfold = block.locator(".unfold")
            if unfold.count():
                unfold.click()
                assert equations(block) == folded, "in the same order"
                unfold.click()
        assert max(counts) == 3, "a convolution, its normalisation, and what is cut off"


@pytest.mark.parametrize("visit", [PHONE], indirect=True)
def test_the_network_at_a_glance_fits_a_telephone(visit: Visit, server: Server) -> None:
    page = visit.page(server.address + "#inside")
    page.wait_for_selector(".way [aria-current]")
    wide, room = page.locator(".network-map").evaluate("e => [e.scrollWidth, e.clientWidth]")
    assert wide <= room
    cut = (
        "e => [...e.querySelectorAll('button *')].filter((x) => x.scrollWidth > x.clientWidth + 1)"
    )
    assert page.locator(".way").evaluate(f"e => ({cut})(e).map((x) => x.textContent)") == []
    small = "e => [...e.querySelectorAll('button')].some((x) => x.clientHeight < 44)"
    assert not page.locator(".way").evaluate(small), "to be met with a finger"


# The letters and numbers of a layer or of the lens that are lit, by what they stand for.
LIT = """() => [...document.querySelectorAll('.layer, .lens')].flatMap((e) => {
  const lit = [...e.querySelectorAll('[data-part]')].filter((p) => p.checkVisibility()
    && getComputedStyle(p).outlineStyle === 'solid').map((p) => p.dataset.part);
  return lit.length ? [[e.matches('.lens') ? 'lens' : e.querySelector('.index').textContent,
    [...new Set(lit)]]] : [];
})"""


def test_letters_light_their_numbers_and_numbers_their_letters(
    visit: Visit, server: Server
) -> None:
    page = visit.page(server.address + "#inside")
    open_blocks(page)
    layer = page.locator(".layer:has(.maps)")
    # In a convolution, a batch normalisation (which says no W) and the dense layer at the end.
    for index, letter, other in (
        ("1", "W", "x"),
        ("5", "W", "y"),
        ("2", "γ", "x"),
        ("10", "W", "b"),
    ):
        row = layer.filter(has=page.locator(f".index:text-is('{index}')"))
        row.locator(f"math [data-part='{letter}']").first.hover()

        def both(index: str = index, part: str = letter) -> None:
            assert page.evaluate(LIT) == [[index, [part]], ["lens", [part]]]

        until(page, both)
        page.locator(f".lens-body [data-part='{other}']").last.hover()
        until(page, partial(both, part=other))
    page.locator(".lead:visible").hover()
    assert page.evaluate(LIT) == []
    page.get_by_role("button", name="Backward", exact=True).click()
    layer.last.locator("math [data-part='dW']").hover()
    until(page, lambda: sure(page.evaluate(LIT) == [["10", ["dW"]], ["lens", ["W"]]]))


# Of each kind of layer the gradients that its backward rule says, by what its formulas begin with.
GRADIENTS = """async (layers) => {
  const { equation } = await import("/static/equations.js");
  return layers.map((layer) => [...equation(layer, true).querySelectorAll("math")].map((formula) =>
    formula.firstElementChild.querySelector("[data-part]").dataset.part));
}"""


def test_every_backward_rule_has_the_gradients_of_all_that_learns(
    visit: Visit, server: Server
) -> None:
    page = visit.page(server.address + "#inside")
    needed: Any = {"Dense": (10,), "Conv": (8,)}
    needed |= {"Exemplars": (10, 3)}
    needed |= {"Residual": (nn.Chain([]),), "Concat": (nn.Chain([]), nn.Chain([]))}
    layers = [kind(*needed.get(kind.__name__, ())) for kind in LAYERS]
    asked = [{"kind": type(layer).__name__, "settings": settings_of(layer)} for layer in layers]
    for layer, said in zip(layers, page.evaluate(GRADIENTS, asked), strict=True):
        shape = (12,) if isinstance(layer, nn.Dense | nn.Exemplars) else (8, 8, 3)
        params = [name for name in layer.plan(shape)[0] if nn.trained(name)]
        letters = {"gamma": "γ", "beta": "β"}
        wanted = {"dx", *(f"d{letters.get(name, name)}" for name in params)}
        assert set(said) == wanted, layer


def test_what_is_waited_for_is_said(visit: Visit, server: Server) -> None:
    page = visit.page("about:blank")
    held = holding(page, "**/api/inside*")
    page.goto(server.address + "#inside")
    page.wait_for_selector("#view-inside .busy:visible")
    until(page, lambda: held[0])
    held[0].abort()
    page.unroute("**/api/inside*")
    page.get_by_role("button", name="Try again").click()  # it is not said to go on
    page.wait_for_selector("#view-inside .layer .maps:visible")
    assert page.locator("#view-inside .busy").is_hidden()
    visit.complaints.clear()  # the browser says of the request that it failed


def test_an_answer_is_of_the_network_that_was_asked(visit: Visit, server: Server) -> None:
    """Another network is chosen while the first is still asked: its own answer is waited for."""
    page = visit.page("about:blank")
    held = holding(page, "**/api/inside*")
    page.goto(server.address + "#inside")
    until(page, lambda: held[0])
    page.select_option("#which", "small")
    held[0].continue_()
    until(page, lambda: held[1])
    assert page.locator("#view-inside .busy").is_visible()
    held[1].continue_()
    page.wait_for_selector("#view-inside .busy", state="hidden")
    assert ["model=small" in route.request.url for route in held] == [False, True]
