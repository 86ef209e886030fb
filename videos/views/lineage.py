"""The family of a video: what it came from, all that came of that, and what changed on the way."""

from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.db import connection

from videos.models import Video
from videos.prompts.diff import Piece, diff_prompts

MOST = 40  # members drawn
FAR = 500  # members looked at
HIGH = 12  # generations up

# One question, whatever the family's size, that SQLite and PostgreSQL both understand. It climbs to the
# oldest ancestor and goes down from there and from the video itself, breadth first, so that what the limit
# leaves out is far from both. Deleted rows are climbed over, for as long as they are there. The depth only
# ends what would have no end.
# The owner is compared with the row before and not with a constant, for which SQLite would first read through
# all of their videos: a tenth of a second with 100,000, instead of nothing.
_LINEAGE_SQL = """
WITH RECURSIVE
above (id, source_id, owner_id, height) AS (
    SELECT id, source_id, owner_id, 0 FROM videos_video WHERE id = %(video)s
    UNION ALL
    SELECT v.id, v.source_id, v.owner_id, a.height + 1
    FROM above a JOIN videos_video v ON v.id = a.source_id AND v.owner_id = a.owner_id
    WHERE a.height < %(high)s
),
below (id, owner_id, depth) AS (
    SELECT id, owner_id, 0 FROM (SELECT id, owner_id FROM above ORDER BY height DESC LIMIT 1) oldest
    UNION
    SELECT id, owner_id, 0 FROM above WHERE height = 0
    UNION ALL
    SELECT v.id, v.owner_id, b.depth + 1
    FROM below b JOIN videos_video v ON v.source_id = b.id AND v.owner_id = b.owner_id
    WHERE b.depth < %(far)s
)
SELECT v.id, v.source_id, v.deleted_at IS NULL
FROM (SELECT id FROM above UNION ALL SELECT id FROM (SELECT id FROM below LIMIT %(far)s) found) family
JOIN videos_video v ON v.id = family.id
"""


@dataclass
class Row:
    """One line of the tree, in the order of drawing: a video, one that is deleted, or those there is no room
    for: so many `hidden` below, or `earlier` ones above.
    """

    video: Video | None = None
    hidden: int = 0
    at_least: bool = False  # the number of the hidden is not known for sure
    is_earlier: bool = False
    parent: "Row | None" = None
    is_first: bool = False  # among its siblings: begins a list
    has_children: bool = False
    ends: int = 0  # lists that end after it
    change: list[Piece] | None = None  # from its parent's prompt; None where it is a new one

    @property
    def lists_ended(self) -> range:
        return range(self.ends)

    @property
    def is_compared(self) -> bool:
        return self.video is not None and self.parent is not None and self.parent.video is not None

    @property
    def is_same(self) -> bool:
        """Whether its prompt is its parent's."""
        return self.is_compared and self.change == []

    @property
    def is_new(self) -> bool:
        """Whether its prompt has next to nothing of its parent's."""
        return self.is_compared and self.change is None


@dataclass
class _Relatives:
    """Who is whose, by primary key; a child's is always larger than its parent's."""

    parent: dict[int, int] = field(default_factory=dict)
    children: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    living: dict[int, bool] = field(default_factory=dict)
    size: dict[int, int] = field(default_factory=dict)  # of a branch, without the deleted
    is_whole: bool = True  # nobody was too far away to be looked at


def lineage_tree(video: Video) -> list[Row]:
    """Return the lines of the tree that `video` is in; none when it has no relatives.

    Two queries, whatever the size. What a stranger owns is never in it. What is deleted stands in it as such
    where it joins those that are there; what is in the trash is there, as it can be had back. At most `MOST`
    are drawn, those nearest to the video, and the others are told as a number.
    """
    kin = _relatives(video)
    root = _root(kin, video.pk)
    drawn = _drawn(kin, root, video.pk)
    mine = Video.objects.filter(owner=video.owner_id, deleted_at=None)
    videos = (mine.in_bulk(drawn) if len(drawn) > 1 else {}) | {video.pk: video}
    rows = list(_rows(kin, root, drawn, videos))
    oldest = rows[0].video
    if oldest and oldest.remixed_from:
        is_earlier = oldest.source_id is not None and _height(kin, video.pk) == HIGH
        rows = _below(Row(is_earlier=is_earlier, has_children=True), rows)
    return rows if len(rows) > 1 else []


def _relatives(video: Video) -> _Relatives:
    asked = {"video": video.pk, "high": HIGH, "far": FAR}
    with connection.cursor() as cursor:
        cursor.execute(_LINEAGE_SQL, asked)
        fetched = cursor.fetchall()
    found = {pk: (source, bool(living)) for pk, source, living in fetched}
    kin = _Relatives(is_whole=len(fetched) < FAR)
    for pk in sorted(found):
        source, kin.living[pk] = found[pk]
        if source in found and source < pk:
            kin.parent[pk] = source
            kin.children[source].append(pk)
    for pk in sorted(found, reverse=True):
        kin.size[pk] = kin.living[pk] + sum(kin.size[child] for child in kin.children[pk])
    for children in kin.children.values():
        children[:] = [child for child in children if kin.size[child]]
    return kin


def _height(kin: _Relatives, pk: int) -> int:
    """How many generations there are above."""
    height = 0
    while pk in kin.parent:
        pk, height = kin.parent[pk], height + 1
    return height


def _root(kin: _Relatives, pk: int) -> int:
    """The oldest ancestor. Deleted ones that lead to no more than the next deleted one are passed over."""
    while pk in kin.parent:
        pk = kin.parent[pk]
    while not kin.living[pk] and len(kin.children[pk]) == 1 and not kin.living[kin.children[pk][0]]:
        pk = kin.children[pk][0]
    return pk


def _drawn(kin: _Relatives, root: int, pk: int) -> set[int]:
    """Choose whom there is room for: the way up to the root, then by nearness, the newest first."""
    way = [pk]
    while way[-1] != root:
        way.append(kin.parent[way[-1]])
    drawn = set(way)
    for start in way:
        waiting = deque([start])
        while waiting:
            for child in reversed(kin.children[waiting.popleft()]):
                if child not in drawn and len(drawn) < MOST:
                    drawn.add(child)
                    waiting.append(child)
    return drawn


def _rows(kin: _Relatives, root: int, drawn: set[int], videos: dict[int, Video]) -> Iterator[Row]:
    """The lines in the order of drawing, each branch after its parent."""
    waiting = [(root, Row(videos.get(root)))]
    while waiting:
        pk, row = waiting.pop()
        shown = [child for child in kin.children[pk] if child in drawn]
        hidden = sum(kin.size[child] for child in kin.children[pk] if child not in drawn)
        below = [(child, _child(row, videos.get(child))) for child in shown]
        if hidden:
            below.append((0, Row(hidden=hidden, at_least=not kin.is_whole, parent=row)))
        if below:
            row.has_children = True
            below[0][1].is_first = True
            below[-1][1].ends, row.ends = row.ends + 1, 0
        yield row
        waiting.extend(reversed(below))


def _child(parent: Row, video: Video | None) -> Row:
    row = Row(video, parent=parent)
    if video and parent.video:
        row.change = diff_prompts(parent.video.prompt, video.prompt)
    return row


def _below(above: Row, rows: list[Row]) -> list[Row]:
    """The tree with one more line above it."""
    rows[0].parent, rows[0].is_first = above, True
    rows[-1].ends += 1
    return [above, *rows]
