"""What a list of models says of each, and in which order they stand."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from django.utils.translation import gettext, gettext_noop

from billing.money import format_money
from videos.capabilities import Offer
from videos.shapes import OTHER, lines_of, shapes_of

RECENT, OWN = gettext_noop("Last used"), gettext_noop("Your favourites")
STUDIO = gettext_noop("Studio favourites")
_MAX_RATIOS = 4  # named in one row
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True)
class ModelRow:
    """One model in the list. `group` is what it stands under, `heading` its name where the group begins."""

    offer: Offer
    group: str
    is_favourite: bool
    heading: str = ""
    is_chosen: bool = False
    shows_backend: bool = False
    position: int = 0

    @property
    def price(self) -> str:
        """What a second costs, or from what to what; empty without a price."""
        if not self.offer.backend.is_metered:
            return gettext("Free")
        rates = sorted({Decimal(rate) for rate in self.offer.model.price_per_second.values()})
        if not rates:
            return ""
        least, most = format_money(rates[0]), format_money(rates[-1])
        if least == most:
            return gettext("%(price)s a second") % {"price": least}
        return gettext("%(least)s to %(most)s a second") % {"least": least, "most": most}

    @property
    def lengths(self) -> str:
        return f"{', '.join(map(str, self.offer.model.seconds))} s"

    @property
    def resolutions(self) -> str:
        """The lowest and the highest resolution, and the ratios."""
        shapes = shapes_of(self.offer.model.sizes)
        if not shapes:
            return ""
        named = [each for each in shapes if each.ratio != OTHER] or shapes
        by_height = sorted(named, key=lambda each: lines_of(each.size))
        ends = dict.fromkeys(each.label for each in (by_height[0], by_height[-1]))
        ratios = dict.fromkeys(each.ratio for each in shapes if each.ratio != OTHER)
        return " ".join(["\u2013".join(ends), *list(ratios)[:_MAX_RATIOS]])

    @property
    def takes_first_frame(self) -> bool:
        """Whether a video is known to be able to start from an image."""
        of_model = self.offer.model.takes_reference
        return (self.offer.backend.takes_reference if of_model is None else of_model) is True


def family_of(name: str) -> str:
    """Return the family of a model by its name: acme/vista of acme/vista-3.1-fast, sora of sora-2-pro."""
    maker, slash, rest = name.rpartition("/")
    word = _WORD.search(rest)
    return f"{maker}{slash}{word[0].lower() if word else rest}".lower()


def find_rows(
    offers: Mapping[str, Offer], query: str, *, recent: Sequence[str], favourites: Collection[str]
) -> list[ModelRow]:
    """Return the models that have every word of the query: used last, then favourites, then by family."""
    words = query.casefold().split()
    groups = [_group_of(offer, recent, favourites) for offer in offers.values()]
    rows = [
        ModelRow(offer, group, offer.model.name in favourites)
        for offer, group in zip(offers.values(), groups, strict=True)
        if all(word in _text_of(offer) for word in words)
    ]
    first = (RECENT, OWN, STUDIO)
    order = {group: number for number, group in enumerate([*first, *sorted(set(groups) - set(first))])}
    ranks = {name: number for number, name in enumerate(recent)}
    rows.sort(key=lambda row: (order[row.group], ranks.get(row.offer.model.name, 0)))
    return rows


def with_headings(rows: Sequence[ModelRow], chosen: str, *, show_backends: bool) -> list[ModelRow]:
    """Return the rows with a heading where a group begins, and the chosen model marked."""
    before = ["", *(row.group for row in rows)]
    return [
        replace(
            row,
            heading="" if row.group == previous else _heading_of(row.group),
            is_chosen=row.offer.model.name == chosen,
            shows_backend=show_backends,
            position=number,
        )
        for number, (row, previous) in enumerate(zip(rows, before, strict=False), start=1)
    ]


def _heading_of(group: str) -> str:
    return gettext(group) if group in (RECENT, OWN, STUDIO) else group


def _group_of(offer: Offer, recent: Collection[str], favourites: Collection[str]) -> str:
    name = offer.model.name
    if name in recent:
        return RECENT
    if name in favourites:
        return OWN
    return STUDIO if offer.model.studio_favourite else family_of(name)


def _text_of(offer: Offer) -> str:
    model = offer.model
    return f"{model.name} {model.label} {model.description} {offer.backend.name}".casefold()
