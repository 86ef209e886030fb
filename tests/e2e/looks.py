"""A page under the rules of axe, from all sides without opening it again."""

from collections.abc import Iterable
from itertools import product

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

Look = tuple[str, int]  # a theme, and a width in pixels

EVERY_LOOK: list[Look] = list(product(("dark", "light"), (390, 1280)))

# Colours fade from theme to theme, and half faded is half the contrast. It is a script's sheet, which the
# policy of the pages allows.
AT_REST = """() => {
    const still = new CSSStyleSheet();
    still.replaceSync("*, *::before, *::after { transition: none !important; animation: none !important; }");
    document.adoptedStyleSheets = [still];
}"""


def violations(page: Page, looks: Iterable[Look] = EVERY_LOOK) -> list[str]:
    """What axe finds in the looks of the page as it stands."""
    found = []
    page.evaluate(Axe().axe_script)
    page.evaluate(AT_REST)
    for theme, width in looks:
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        page.set_viewport_size({"width": width, "height": 844})
        result = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        found += [
            f"{page.url} ({theme}, {width}): {rule['id']}: {node['target']}"
            for rule in result["violations"]
            for node in rule["nodes"]
        ]
    return found
