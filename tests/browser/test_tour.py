"""The tour leads through the views and goes on where it was left; a step by hand, and on paper."""

from __future__ import annotations

from browser.conftest import Server, Visit
from browser.test_axe import findings
from digitus.serve.worked import worked_step


def test_the_tour_leads_through_the_views_and_goes_on_where_it_was_left(
    visit: Visit, server: Server
) -> None:
    page = visit.page(server.address)
    page.click(".top nav a[href='#mistakes']")
    page.wait_for_selector("h1:visible:has-text('Mistakes')")
    page.click("#tour")
    page.wait_for_selector("#view-draw canvas.paper")  # it leads to where its step is done
    page.wait_for_function("() => scrollY === 0")
    seen = [page.inner_text(".tour h2")]
    assert page.is_hidden(".tour details p")
    page.click(".tour summary")
    assert page.inner_text(".tour details p")
    for _ in range(4):
        page.click(".tour button.primary")
        seen.append(page.inner_text(".tour h2"))
    assert len(set(seen)) == 5
    page.reload()
    page.wait_for_selector(".tour")
    assert page.inner_text(".tour h2") == seen[-1]

    # The fifth step is done by hand, a line at a time.
    lines = worked_step().lines
    page.wait_for_selector(".worked-lines input:visible")
    assert findings(page) == []
    page.fill(".worked-lines input:visible", str(lines[0].answer + 0.1))
    page.keyboard.press("Enter")
    assert page.inner_text(".worked-lines .red")
    for line in lines[:-1]:
        page.fill(".worked-lines input:visible", f"{line.answer:.4f}".replace("-", "−"))
        page.keyboard.press("Enter")
    page.reload()
    page.wait_for_selector(".worked-lines input:visible")
    assert page.locator(".worked-lines .solved").count() == len(lines) - 1
    page.get_by_role("button", name="Show it").last.click()
    assert "0.8620" in page.inner_text(".verdict-line:visible")

    # On paper, a worksheet: blanks for all lines, the answers apart.
    colour = "e => getComputedStyle(e).color"
    page.emulate_media(media="print")
    assert page.locator(".solved").first.evaluate(colour) == "rgba(0, 0, 0, 0)"
    page.emulate_media(media="screen")
    page.get_by_role("button", name="Begin again").click()
    assert page.locator(".answers").is_hidden()
    page.emulate_media(media="print")
    assert page.locator(".worked-lines input:visible").count() == len(lines)
    assert page.locator(".answers").is_visible()
    assert page.locator(".tour, .top, .worked-lines button").first.is_hidden()

    page.emulate_media(media="screen")
    page.click(".tour button.primary")  # the sixth is about convolutions: the small one has none
    page.locator("#view-inside .block h3", has_text="Conv").first.wait_for()
    assert page.input_value("#which") == ""
    for _ in range(3):
        page.click(".tour button.primary")
    assert page.locator(".tour").count() == 0
    page.wait_for_selector("h1:visible:has-text('Mistakes')")
