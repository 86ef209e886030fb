"""The documents against the repository: the links, paths, names, settings and transitions that they tell."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from videos import lifecycle

PROJECT = Path(__file__).resolve().parents[2]
ROOMS = (
    *("accounts", "audit", "billing", "contentgen", "deploy", "docs", "notifications"),
    *("simulator", "static", "templates", "tests", "videos", "webhooks"),
)
PAGES = sorted(
    page
    for pattern in ("*.md", "docs/**/*.md", "tests/chaos/*.md", "simulator/*.md")
    for page in PROJECT.glob(pattern)
)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"`([^`\n]+)`")
PATH = re.compile(r"[\w.-]+(?:/[\w.-]+)*(?:/|\.(?:py|html|css|js|svg|md|toml|txt|example))")


def _ids(page: Path) -> str:
    return str(page.relative_to(PROJECT))


def _prose(page: Path) -> str:
    """The text without its blocks of code, whose lines are examples."""
    return re.sub(r"^ *```.*?^ *```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)


def _anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, made as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", _prose(page), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@cache
def _repository() -> frozenset[str]:
    """Every file and folder, as a path below the project; a folder ends in a slash."""
    below = [
        path
        for room in ROOMS
        for path in PROJECT.joinpath(room).rglob("*")
        if not {"node_modules", "__pycache__"} & set(path.parts)
    ]
    found = [
        *PROJECT.glob("*"),
        *PROJECT.glob(".env.example"),
        *PROJECT.glob(".pre-commit-config.yaml"),
        *below,
    ]
    return frozenset(f"{path.relative_to(PROJECT)}{'/' if path.is_dir() else ''}" for path in found)


def _rows(page: str, heading: str) -> Iterator[list[str]]:
    """The cells of each row of the first table below a heading, without the table's own head."""
    section = (PROJECT / page).read_text().split(f"\n{heading}\n", 1)[1]
    table = re.search(r"(?:^\|.*\n)+", section, flags=re.MULTILINE)
    assert table is not None
    for line in table[0].splitlines()[2:]:
        yield [cell.strip() for cell in line.strip("|").split("|")]


def test_there_are_documents_to_check():
    assert {"README.md", "CONTRIBUTING.md", "SECURITY.md", "docs/architecture.md"} <= {
        _ids(page) for page in PAGES
    }


@pytest.mark.parametrize("page", PAGES, ids=_ids)
def test_each_link_leads_somewhere(page: Path):
    targets = [target for target in LINK.findall(_prose(page)) if not re.match(r"[a-z]+:", target)]
    for target in targets:
        name, _, anchor = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        assert file.exists(), target
        assert not anchor or anchor in _anchors(file), target


@pytest.mark.parametrize("page", [page for page in PAGES if page.name != "CHANGELOG.md"], ids=_ids)
def test_each_path_it_names_is_there(page: Path):
    """A path may begin in the middle: `services/videos.py` in a page about the rooms of `videos/`."""
    there = _repository()
    named = {path for path in CODE.findall(_prose(page)) if PATH.fullmatch(path)}
    missing = {path for path in named if not any(f"/{each}".endswith(f"/{path}") for each in there)}
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=_ids)
def test_each_name_is_in_the_file_that_is_said_to_hold_it(page: Path):
    for names, path in re.findall(r"((?:`\w+`(?:, | and )?)+) in `([\w/]+\.py)`", _prose(page)):
        text = (PROJECT / path).read_text()
        for name in CODE.findall(names):
            assert re.search(rf"\b{name}\b", text), f"{name} in {path}"


@pytest.mark.parametrize("page", PAGES, ids=_ids)
def test_each_make_target_exists(page: Path):
    targets = set(re.findall(r"^([a-z0-9-]+):", (PROJECT / "Makefile").read_text(), flags=re.MULTILINE))
    named = re.findall(r"(?:`|^)make ([a-z0-9-]+)", page.read_text(), flags=re.MULTILINE)
    assert set(named) <= targets


def test_the_table_of_settings_and_the_example_name_the_same():
    example = (PROJECT / ".env.example").read_text()
    in_example = re.findall(r"^# ([A-Z_]+)=", example, flags=re.MULTILINE)
    in_table = [cells[0].strip("`") for cells in _rows("docs/operations.md", "## Settings")]
    assert sorted(in_table) == sorted(in_example)


def test_the_table_of_transitions_is_the_codes():
    told: dict[str, set[str]] = {state.value: set() for state in lifecycle.TRANSITIONS}
    for old, new, verbs, _ in _rows("docs/architecture.md", "## The life of a video"):
        told[old.strip("`")].add(new.strip("`"))
        for verb in CODE.findall(verbs):
            assert callable(getattr(lifecycle, verb)), verb
    assert told == {
        old.value: {new.value for new in targets} for old, targets in lifecycle.TRANSITIONS.items()
    }
