"""How the library shows its cards: their size, and whether what is in view plays. The browser remembers it,
because what suits a wide screen does not suit a phone; in a browser of several people, each has their own.
"""

from dataclasses import dataclass
from typing import ClassVar

from django.conf import settings
from django.http import HttpResponse
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrOrPromise

from videos.views.access import Request

_REMEMBERED_FOR = 365 * 24 * 3600  # seconds
_PLAYS = "plays"


@dataclass(frozen=True)
class LibraryView:
    """What the person chose, for `_view_menu.html` and the grid of cards."""

    cookie_name: str
    density: str = "medium"
    previews: bool = False  # whether what is in view plays without sound

    densities: ClassVar[dict[str, StrOrPromise]] = {
        "small": gettext_lazy("Small"),
        "medium": gettext_lazy("Medium"),
        "large": gettext_lazy("Large"),
    }

    @classmethod
    def from_request(cls, request: Request) -> "LibraryView":
        """Read the choice in the address, else the one that was remembered. Else it is the usual view."""
        name = f"library_view_{request.user.pk}"
        if request.GET.get("density") in cls.densities:
            return cls(name, request.GET["density"], request.GET.get("previews") == "1")
        density, _, previews = request.COOKIES.get(name, "").partition(".")
        return cls(name, density if density in cls.densities else "medium", previews == _PLAYS)

    def remember(self, request: Request, response: HttpResponse) -> None:
        """Let the browser remember a choice that came in the address; a script remembers its own."""
        if request.GET.get("density") in self.densities:
            response.set_cookie(
                self.cookie_name,
                f"{self.density}.{_PLAYS if self.previews else ''}",
                max_age=_REMEMBERED_FOR,
                secure=settings.SESSION_COOKIE_SECURE,
                samesite="Lax",
            )
