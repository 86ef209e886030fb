"""The paid submissions of a video, as the ledger tells of them."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from billing.models import Kind, LedgerLine
from billing.money import ZERO

SURPLUS = "surplus"  # the transition of a charge for a job that the video no longer wanted


@dataclass
class Attempt:
    """One submission that is, was or may be paid for: the lines about it, oldest first."""

    lines: list[LedgerLine] = field(default_factory=list)

    @property
    def number(self) -> int:
        return self.lines[0].attempt

    @property
    def reserved(self) -> Decimal:
        return sum((line.reserved for line in self.lines), ZERO)

    @property
    def spent(self) -> Decimal:
        return sum((line.spent for line in self.lines), ZERO)

    @property
    def is_charged(self) -> bool:
        """Whether there is a charge, whatever has been released of it since."""
        return any(line.kind == Kind.CHARGE for line in self.lines)

    @property
    def is_open(self) -> bool:
        """Whether it is reserved, and nothing came of it yet."""
        return not any(line.kind in (Kind.CHARGE, Kind.RELEASE) for line in self.lines)

    @property
    def is_unconfirmed(self) -> bool:
        """Whether nobody can tell if the charge is real."""
        told = [line.confirms for line in self.lines if line.confirms is not None]
        return bool(told) and told[-1] is False

    @property
    def is_surplus(self) -> bool:
        return self.lines[0].transition == SURPLUS

    @property
    def price(self) -> Decimal:
        """What it was charged at last, before anything was released."""
        spent = price = ZERO
        for line in self.lines:
            spent += line.spent
            if line.kind in (Kind.CHARGE, Kind.ADJUST):
                price = spent
        return price


def attempts_of(video_id: int) -> list[Attempt]:
    """Return the paid submissions of a video, oldest first; none for one that costs nothing. One query."""
    return group_lines(LedgerLine.objects.of_videos([video_id])).get(video_id, [])


def group_lines(lines: Iterable[LedgerLine]) -> dict[int, list[Attempt]]:
    """Return the attempts that the lines, oldest first, tell of, by video and then in order."""
    found: dict[int, dict[int, Attempt]] = defaultdict(lambda: defaultdict(Attempt))
    for line in lines:
        found[line.video_id][line.attempt].lines.append(line)
    return {
        video_id: [attempts[number] for number in sorted(attempts)] for video_id, attempts in found.items()
    }
