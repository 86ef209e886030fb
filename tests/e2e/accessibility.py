"""Accessibility checks with axe, in several appearances of a page that is opened only once."""

from collections.abc import Iterable

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

Appearance = tuple[str, int]  # a theme, and a viewport width in pixels

# Both themes and both widths: a fault of contrast is one of a theme, and a fault of layout one of a width.
APPEARANCES: list[Appearance] = [("dark", 390), ("light", 1280)]

# Colours fade between themes, and axe would measure the contrast half-way. The pages' content security policy
# allows a style sheet that a script constructs.
DISABLE_ANIMATIONS = """() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync("*, *::before, *::after { transition: none !important; animation: none !important; }");
    document.adoptedStyleSheets = [sheet];
}"""

# Nothing is preloaded: axe would copy imported style sheets into the page, which the policy refuses.
_RUN = """rules => axe.run(document, {
    resultTypes: ["violations"],
    preload: false,
    ...(rules && {runOnly: {type: "rule", values: rules}}),
})"""
OF_COLOUR = ["color-contrast", "link-in-text-block"]  # axe's rules with the tag `cat.color`, up to AA


def find_violations(page: Page, appearances: Iterable[Appearance] = APPEARANCES) -> list[str]:
    """Return the violations that axe finds in these appearances of the page in its present state.

    A width that was looked at in another theme is looked at for its colours alone, which are all that a theme
    changes.
    """
    found, widths = [], set[int]()
    page.evaluate(Axe().axe_script)
    page.evaluate(DISABLE_ANIMATIONS)
    for theme, width in appearances:
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        page.set_viewport_size({"width": width, "height": 844})
        result = page.evaluate(_RUN, OF_COLOUR if width in widths else None)
        widths.add(width)
        found += [
            f"{page.url} ({theme}, {width}): {rule['id']}: {node['target']}"
            for rule in result["violations"]
            for node in rule["nodes"]
        ]
    return found
