"""Which addresses belong to the APIs, also misspelt ones: programs get an answer that they can read."""

import re

from django.urls import Resolver404, get_script_prefix, resolve

# In any letter case (Django cannot reverse `(?i:…)`), and with slashes too many, as a base URL that ends in
# one brings them along.
API_PATH = r"^(?:/*)(?:[Aa][Pp][Ii]|[Vv]1)(?:/|$)"
_API_PATH = re.compile(API_PATH)


def is_api_path(path: str) -> bool:
    return _API_PATH.match(path) is not None


def hint_for(path: str) -> str:
    """Return a sentence that names the address that `path`, without what the studio is below, was probably to
    be; empty if there is none.
    """
    meant = re.sub(r"/+", "/", path.lower()).rstrip("/")
    if meant == path:
        return ""
    try:
        is_endpoint = resolve(meant).url_name is not None  # what answers every other address has no name
    except Resolver404:
        return ""
    if not is_endpoint:
        return ""
    address = f"{get_script_prefix().rstrip('/')}{meant}"
    return f" Addresses are case-sensitive and end without a slash: try {address[:200]}."
