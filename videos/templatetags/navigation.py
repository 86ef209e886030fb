"""Which part of the studio a page belongs to, for the links of the header."""

from django import template
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()

# What the first part of an address is under, where that is not the link with the same address.
_UNDER = {
    "account": "accounts",
    "budgets": "spend",
    "history": "",
    "models": "",
    "videos": "library",
    "trash": "library",
    "compare": "library",
}


@register.simple_tag(takes_context=True)
def nav_link(context: template.Context, view_name: str) -> SafeString:
    """Return the attributes of the header's link to `view_name`: its address, and whether it is the page that
    is shown, or the part of the studio that the page is in.
    """
    address = reverse(view_name)
    request: HttpRequest = context["request"]
    if request.path == address:
        return format_html('href="{}" aria-current="page"', address)
    first = _first_part(request.path)
    is_in = _UNDER.get(first, first) == _first_part(address)
    return format_html('href="{}" aria-current="true"' if is_in else 'href="{}"', address)


def _first_part(address: str) -> str:
    return address.removeprefix(reverse("videos:studio")).partition("/")[0]
