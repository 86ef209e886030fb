"""What the form of a model sends, as its page has it."""

import re
from html.parser import HTMLParser
from typing import Any

from django.test import Client
from django.urls import reverse

from videos.models import VideoModel


def size_rows(*rows: tuple[str, str], other: str = "") -> dict[str, str]:
    """Return the rows of sizes with their prices, all of them offered."""
    data = {"sizes-TOTAL_FORMS": str(len(rows)), "sizes-INITIAL_FORMS": "0", "other_price": other}
    for number, (size, price) in enumerate(rows):
        data |= {
            f"sizes-{number}-size": size,
            f"sizes-{number}-price": price,
            f"sizes-{number}-offered": "on",
        }
    return {**data, "parameters-TOTAL_FORMS": "0", "parameters-INITIAL_FORMS": "0"}


class _Fields(HTMLParser):
    """Reads what a browser would send of a form that nobody touched."""

    def __init__(self) -> None:
        super().__init__()
        self.data: dict[str, list[str]] = {}
        self._select = ""
        self._first: str | None = None
        self._text: str = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        name = found.get("name", "")
        if tag == "input" and name and found.get("type") not in ("submit", "checkbox"):
            self.data.setdefault(name, []).append(found.get("value", ""))
        elif tag == "input" and found.get("type") == "checkbox" and "checked" in found and name:
            self.data.setdefault(name, []).append(found.get("value", "on"))
        elif tag == "select":
            self._select, self._first = name, None if "multiple" in found else ""
        elif tag == "option" and self._select:
            if "selected" in found:
                self.data.setdefault(self._select, []).append(found.get("value", ""))
            elif self._first == "":
                self._first = found.get("value", "")
        elif tag == "textarea":
            self._text = name
            self.data.setdefault(name, []).append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == "select" and self._select:
            if self._select not in self.data and self._first is not None:
                self.data[self._select] = [self._first]
            self._select = ""
        elif tag == "textarea":
            self._text = ""


def open_form(client: Client, model: VideoModel) -> dict[str, list[str]]:
    """Return what the page of a model would send as it is."""
    page = client.get(address(model)).content.decode()
    form = re.search(r'<form[^>]*id="videomodel_form".*?</form>', page, re.DOTALL)
    assert form
    fields = _Fields()
    fields.feed(form[0])
    return {name: values for name, values in fields.data.items() if not name.startswith("_")}


def send(client: Client, model: VideoModel, form: dict[str, Any], **changes: Any) -> Any:
    """Send the form with some fields changed, and read the model anew."""
    response = client.post(address(model), {**form, **changes})
    model.refresh_from_db()
    return response


def address(model: VideoModel) -> str:
    return reverse("admin:videos_videomodel_change", args=[model.pk])
