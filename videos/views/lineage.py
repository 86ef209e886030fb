"""The lineage of a video: what it came from, all that came of that, and what changed on the way."""

from collections import defaultdict, deque
from dataclasses import dataclass, field

from django.db import connection
from django.utils.translation import gettext

from accounts.formats import format_number
from videos.models import Video
from videos.prompts.diff import DiffSegment, diff_prompts

MAX_DRAWN = 40  # videos in the tree
MAX_EXAMINED = 500  # relatives read
MAX_ANCESTORS = 12  # generations above the video

# One query, whatever the size, that SQLite and PostgreSQL both understand. It climbs to the oldest ancestor
# and goes down from there and from the video itself, breadth first, so that what the limit leaves out is far
# from both. Deleted rows are climbed over, for as long as they are there. The limit of the depth only ends
# what would have no end.
# The owner is compared with the row before and not with a constant, for which SQLite would first read through
# all of their videos: a tenth of a second with 100,000, instead of nothing.
_LINEAGE_SQL = """
WITH RECURSIVE
above (id, source_id, owner_id, height) AS (
    SELECT id, source_id, owner_id, 0 FROM videos_video WHERE id = %(video)s
    UNION ALL
    SELECT v.id, v.source_id, v.owner_id, a.height + 1
    FROM above a JOIN videos_video v ON v.id = a.source_id AND v.owner_id = a.owner_id
    WHERE a.height < %(ancestors)s
),
below (id, owner_id, depth) AS (
    SELECT id, owner_id, 0 FROM (SELECT id, owner_id FROM above ORDER BY height DESC LIMIT 1) oldest
    UNION
    SELECT id, owner_id, 0 FROM above WHERE height = 0
    UNION ALL
    SELECT v.id, v.owner_id, b.depth + 1
    FROM below b JOIN videos_video v ON v.source_id = b.id AND v.owner_id = b.owner_id
    WHERE b.depth < %(examined)s
)
SELECT v.id, v.source_id, v.deleted_at IS NULL
FROM (SELECT id FROM above UNION ALL SELECT id FROM (SELECT id FROM below LIMIT %(examined)s) found) family
JOIN videos_video v ON v.id = family.id
"""


@dataclass(eq=False)
class LineageNode:
    """A place in the tree: a video; without one, a video that is deleted, or those that are not drawn.

    Of the latter there are `hidden_count` below the parent, or they are ancestors (`is_earlier`).
    """

    video: Video | None = None
    parent: "LineageNode | None" = field(default=None, repr=False)
    children: list["LineageNode"] = field(default_factory=list)
    hidden_count: int = 0
    is_minimum: bool = False  # there may be more hidden than were counted
    is_earlier: bool = False
    prompt_diff: list[DiffSegment] | None = None  # from the parent's prompt; None where it is a new one

    @property
    def is_same_prompt(self) -> bool:
        return self._has_source and self.prompt_diff == []

    @property
    def is_new_prompt(self) -> bool:
        """Whether its prompt has next to nothing of its parent's."""
        return self._has_source and self.prompt_diff is None

    @property
    def hidden_number(self) -> str:
        """How many are not drawn, in words: `12`, or `At least 12`."""
        number = format_number(self.hidden_count)
        return gettext("At least %(number)s") % {"number": number} if self.is_minimum else number

    @property
    def _has_source(self) -> bool:
        return self.video is not None and self.parent is not None and self.parent.video is not None


@dataclass
class _Relatives:
    """Who came of whom, by primary key; a child's is always larger than its parent's."""

    parent: dict[int, int] = field(default_factory=dict)
    children: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    is_alive: dict[int, bool] = field(default_factory=dict)
    branch_size: dict[int, int] = field(default_factory=dict)  # without the deleted
    is_complete: bool = True  # all were read


def lineage_tree(video: Video) -> LineageNode | None:
    """Return the root of the tree that `video` is in; None when it has no relatives.

    Two queries, whatever the size. Another owner's videos are never in it. A deleted video is a node without
    one where it joins those that are there; one in the trash is drawn, as it can be restored. At most
    `MAX_DRAWN` are drawn, those nearest to the video, and the others are told as a number.
    """
    relatives = _read_relatives(video)
    root_pk = _root(relatives, video.pk)
    drawn = _choose_drawn(relatives, root_pk, video.pk)
    own = Video.objects.filter(owner=video.owner_id, deleted_at=None)
    videos = (own.in_bulk(drawn) if len(drawn) > 1 else {}) | {video.pk: video}
    root = _build(relatives, root_pk, drawn, videos, parent=None)
    if root.video and root.video.remixed_from:
        is_cut = root.video.source_id is not None and _height(relatives, video.pk) == MAX_ANCESTORS
        root.parent = LineageNode(children=[root], is_earlier=is_cut)
        return root.parent
    return root if root.children else None


def _read_relatives(video: Video) -> _Relatives:
    limits = {"video": video.pk, "ancestors": MAX_ANCESTORS, "examined": MAX_EXAMINED}
    with connection.cursor() as cursor:
        cursor.execute(_LINEAGE_SQL, limits)
        rows = cursor.fetchall()
    found = {pk: (source, bool(is_alive)) for pk, source, is_alive in rows}
    relatives = _Relatives(is_complete=len(rows) < MAX_EXAMINED)
    for pk in sorted(found):
        source, relatives.is_alive[pk] = found[pk]
        if source in found and source < pk:
            relatives.parent[pk] = source
            relatives.children[source].append(pk)
    size = relatives.branch_size
    for pk in sorted(found, reverse=True):
        size[pk] = relatives.is_alive[pk] + sum(size[child] for child in relatives.children[pk])
    for children in relatives.children.values():
        children[:] = [child for child in children if size[child]]
    return relatives


def _height(relatives: _Relatives, pk: int) -> int:
    """Return how many generations there are above."""
    height = 0
    while pk in relatives.parent:
        pk, height = relatives.parent[pk], height + 1
    return height


def _root(relatives: _Relatives, pk: int) -> int:
    """Return the oldest ancestor. Deleted ones that lead only to the next deleted one are passed over."""
    while pk in relatives.parent:
        pk = relatives.parent[pk]
    children, is_alive = relatives.children, relatives.is_alive
    while not is_alive[pk] and len(children[pk]) == 1 and not is_alive[children[pk][0]]:
        pk = children[pk][0]
    return pk


def _choose_drawn(relatives: _Relatives, root: int, pk: int) -> set[int]:
    """Return whom there is room for: the line up to the root, then by nearness to it, the newest first."""
    line = [pk]
    while line[-1] != root:
        line.append(relatives.parent[line[-1]])
    drawn = set(line)
    for start in line:
        queue = deque([start])
        while queue:
            for child in reversed(relatives.children[queue.popleft()]):
                if child not in drawn and len(drawn) < MAX_DRAWN:
                    drawn.add(child)
                    queue.append(child)
    return drawn


def _build(
    relatives: _Relatives, pk: int, drawn: set[int], videos: dict[int, Video], parent: LineageNode | None
) -> LineageNode:
    """Return the node of a video with all below it. Never deeper than `MAX_DRAWN`, so recursion is safe."""
    node = LineageNode(videos.get(pk), parent)
    if node.video and parent and parent.video:
        node.prompt_diff = diff_prompts(parent.video.prompt, node.video.prompt)
    children = relatives.children[pk]
    node.children = [_build(relatives, child, drawn, videos, node) for child in children if child in drawn]
    hidden = sum(relatives.branch_size[child] for child in children if child not in drawn)
    if hidden:
        node.children.append(
            LineageNode(parent=node, hidden_count=hidden, is_minimum=not relatives.is_complete)
        )
    return node
