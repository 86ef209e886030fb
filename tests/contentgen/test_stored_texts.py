"""Sentences that are stored in English, and shown in the language of whoever reads them."""

import ast
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.template import Context, Template
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contentgen import stored_texts
from contentgen.stored_texts import MAX_LENGTH, known_sentences, sentence, translated
from videos.formatting import format_duration

PROJECT = Path(__file__).resolve().parents[2]
CONSTANTS, TEMPLATES = known_sentences()
_APPS = ("accounts", "audit", "billing", "contentgen", "notifications", "videos", "webhooks")
# What people and servers may call a thing, or say.
_GENEROUS = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
_WORDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)


def made_up(message: str) -> str:
    """The message in a made-up language, which has the studio's stored sentences and a few words besides."""
    is_known = message in CONSTANTS or message in TEMPLATES or message in ("Failed", "Queue of %(name)s")
    return f"«{message}»" if is_known else message


@pytest.fixture(autouse=True)
def made_up_language(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let German be the made-up language for what is stored."""
    monkeypatch.setattr(stored_texts, "gettext", made_up)
    cache = stored_texts._translate
    cache.cache_clear()
    with translation.override("de"):
        yield
    cache.cache_clear()


def filled(template: str, **parts: object) -> str:
    """What the made-up language makes of the template, filled in."""
    assert template in TEMPLATES
    return made_up(template) % parts


# --- What stays as it is ------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "en-gb", None])
def test_english_is_shown_as_it_is_stored(monkeypatch: pytest.MonkeyPatch, language: str | None) -> None:
    monkeypatch.setattr(stored_texts, "_translate", None)  # nothing is looked for
    with translation.override(language):
        assert translated("The backend did not answer in time.") == "The backend did not answer in time."


def test_nothing_stays_nothing() -> None:
    assert translated("") == ""


@pytest.mark.parametrize(
    "text",
    [
        "Error: your prompt was flagged.",
        "Sorry! The backend did not answer in time. Or so I think.",
        "the backend refused this video: no",
        "The backend answered with an error (HTTP five hundred).",
        "100% (no) %(sentence)s %s %d",
        "\N{LEFT-POINTING DOUBLE ANGLE QUOTATION MARK}?\x07\n\n",
    ],
)
def test_a_text_that_is_none_of_ours_stays_as_it_is(text: str) -> None:
    assert translated(text) == text


def test_a_text_that_is_longer_than_any_of_ours_is_not_looked_at() -> None:
    text = "The backend refused this video: " + "x" * MAX_LENGTH
    assert translated(text) == text


@pytest.mark.parametrize(
    "said",
    [
        "Failed",  # a word of our pages, which the server means in its own way
        "Queue of %(name)s",
        "Accepted.",  # ours, but alone
        "The moderator refused this.",
        "a, b and 3 more.",
        "Please wait. The backend did not answer in time.",
        "The backend did not answer in time",
        "The backend refused this video",
        "We're checking whether it was accepted. Or not.",
        "instead of a reason came a web page (HTTP many).",
        "It said: The backend dropped the connection. And more.",
    ],
)
def test_what_a_server_said_stays_in_its_words(said: str) -> None:
    template = "The backend refused this video: %(sentence)s"
    assert translated(template % {"sentence": said}) == filled(template, sentence=said)


# --- What is translated -------------------------------------------------------------------------------------


def test_a_sentence_of_ours_within_another_is_translated_too() -> None:
    inner = "This kind of backend cannot remix a video."
    template = "The backend refused this video: %(sentence)s"
    assert translated(template % {"sentence": inner}) == filled(template, sentence=f"«{inner}»")


def test_sentences_stand_in_each_other_several_deep() -> None:
    text = (
        "The backend answered with an error (HTTP 502): instead of a reason came a web page, titled “502: Bad"
        " Gateway” (HTTP 502). The job was not accepted, so nothing was charged. We'll submit it again."
    )
    page = filled(
        "instead of a reason came a web page, titled “%(title)s” (HTTP %(status)d).",
        title="502: Bad Gateway",
        status=502,
    )
    error = filled(
        "The backend answered with an error (HTTP %(status)d): %(sentence)s", status=502, sentence=page
    )
    again = "%(sentence)s The job was not accepted, so nothing was charged. We'll submit it again."
    assert translated(text) == filled(again, sentence=error)


def test_a_sentence_may_follow_on_another_that_followed_on_one() -> None:
    text = (
        "The backend dropped the connection. It may have accepted the job."
        " We're checking whether it was accepted."
    )
    dropped = filled(
        "%(sentence)s It may have accepted the job.", sentence="«The backend dropped the connection.»"
    )
    expected = filled("%(sentence)s We're checking whether it was accepted.", sentence=dropped)
    assert translated(text) == expected


def test_what_follows_on_words_of_a_server_is_translated() -> None:
    template = "%(sentence)s The job was not accepted, so nothing was charged. We'll submit it again."
    assert translated(template % {"sentence": "Nope. Never."}) == filled(template, sentence="Nope. Never.")


def test_words_of_a_server_do_not_decide_what_the_whole_is() -> None:
    """They end as a looser sentence does: what stands at the beginning counts."""
    template = "The backend refused this video: %(sentence)s"
    text = template % {"sentence": "Take one of a, b and 3 more."}
    assert translated(text) == filled(template, sentence="Take one of a, b and 3 more.")


@pytest.mark.parametrize(
    ("seconds", "words"), [(1, "1 Sekunde"), (90, "90 Sekunden"), (5400, "1 Stunde 30 Minuten")]
)
def test_durations_are_written_anew(monkeypatch: pytest.MonkeyPatch, seconds: int, words: str) -> None:
    with translation.override("en"):
        stored = format_duration(seconds)
    plurals = {"%(count)d second": ("Sekunde", "Sekunden"), "%(count)d minute": ("Minute", "Minuten")}
    plurals["%(count)d hour"] = "Stunde", "Stunden"
    monkeypatch.setattr(
        "videos.formatting.ngettext",
        lambda one, _, number: f"%(count)d {plurals[one][number != 1]}",
    )
    template = "This took longer than the time limit of %(duration)s."
    assert translated(template % {"duration": stored}) == filled(template, duration=words)


def test_what_is_no_duration_stays() -> None:
    template = "This took longer than the time limit of %(duration)s."
    assert translated(template % {"duration": "2 fortnights"}) == filled(template, duration="2 fortnights")


def test_templates_of_pages_have_it_as_a_filter() -> None:
    text = "The backend refused this video: <b>no</b>"
    shown = Template("{{ text|translated }}").render(Context({"text": text}))
    assert shown == "«The backend refused this video: &lt;b&gt;no&lt;/b&gt;»"


def test_languages_are_kept_apart() -> None:
    text = "The backend did not answer in time."
    assert translated(text) == f"«{text}»"
    with translation.override("en"):
        assert translated(text) == text
    assert translated(text) == f"«{text}»"


# --- Every sentence -----------------------------------------------------------------------------------------


def test_every_sentence_is_found() -> None:
    assert [translated(constant) for constant in CONSTANTS] == [f"«{constant}»" for constant in CONSTANTS]


@pytest.mark.parametrize("template", sorted(TEMPLATES))
def test_every_sentence_survives_with_awkward_words(template: str) -> None:
    _assert_survives(template, ["%(sentence)s", "100%", "a: b", "x\ny", "“q”", "((HTTP 1)."], number=0)


@_GENEROUS
@given(
    template=st.sampled_from(sorted(TEMPLATES)),
    words=st.lists(_WORDS, min_size=6, max_size=6),
    number=st.integers(0, 10**6),
)
def test_every_sentence_survives_with_any_words(template: str, words: list[str], number: int) -> None:
    _assert_survives(template, words, number)


def _assert_survives(template: str, words: list[str], number: int) -> None:
    """Fill the sentence in, and find everything that was filled in again in what is shown."""
    known = TEMPLATES[template]
    parts: dict[str, object] = dict(zip(dict.fromkeys(known.names), words, strict=False))
    parts |= {name: number + place for place, name in enumerate(sorted(known.numbers))}
    if known.begins_with == "sentence":
        parts["sentence"] = "The backend did not answer in time."
    expected = parts | {"sentence": translated(str(parts.get("sentence", "")))}
    assert translated(template % parts) == made_up(template) % expected


@_GENEROUS
@given(said=_WORDS)
def test_no_text_of_a_server_breaks_it(said: str) -> None:
    for template in ("%(sentence)s We're checking whether it was accepted.", "%(sentence)s"):
        assert said in translated(template % {"sentence": said})


@pytest.mark.parametrize(
    "piece",
    [
        "The backend refused this video: ",
        " It said: ",
        " We're checking whether it was accepted.",
        " (HTTP 1): ",
        " x 1 pixels; ",
        " has not been confirmed for ",
    ],
)
@pytest.mark.parametrize("start", ["", "The backend answered with an error (HTTP 1): ", "The image has 1 x "])
def test_a_text_made_to_be_slow_is_not(start: str, piece: str) -> None:
    text = (start + piece * MAX_LENGTH)[: MAX_LENGTH - 1] + "!"
    before = time.process_time()
    translated(text)
    assert time.process_time() - before < 1


# --- Making sentences known ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "template", ["%(name)s is gone.", "%(name)s", "It is %(one)s%(other)s.", "%(name)s %(sentence)s"]
)
def test_a_sentence_that_could_not_be_found_again_is_refused(template: str) -> None:
    with pytest.raises(ValueError, match="cannot be found again"):
        sentence(template)
    assert template not in known_sentences()[1]


def test_whatever_writes_a_sentence_is_imported_where_it_is_shown() -> None:
    """A process that only shows pages imports nothing that writes them, so each app names its writers."""
    code = (
        "import django; django.setup(); from contentgen.stored_texts import known_sentences; import sys;"
        " known_sentences(); print('\\n'.join(sys.modules))"
    )
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    imported = set(result.stdout.split())
    writers = {_module(path) for app in _APPS for path in (PROJECT / app).rglob("*.py") if _writes(path)}
    assert "videos.engine.error_messages" in writers
    assert writers - imported == set()


def _module(path: Path) -> str:
    return ".".join(path.relative_to(PROJECT).with_suffix("").parts)


def _writes(path: Path) -> bool:
    source = path.read_text()
    if "sentence(" not in source or path.name == "stored_texts.py":
        return False
    calls = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    return any(isinstance(call.func, ast.Name) and call.func.id == "sentence" for call in calls)
