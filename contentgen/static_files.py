"""Static files under names that their content decides, so that browsers may keep them for good."""

import hashlib
import re
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.files.storage import Storage
from django.core.management import call_command
from whitenoise.storage import CompressedManifestStaticFilesStorage

# What a file of ours consists of, a line for each. Browsers follow these lines too, one after the other.
_PARTS = {
    ".css": re.compile(r'^@import "\./([\w-]+\.css)";$', re.MULTILINE),
    ".js": re.compile(r'^import "\./([\w-]+\.js)";$', re.MULTILINE),
}
# Comments and indents, without which they are a tenth smaller.
_NEEDLESS = {
    ".css": re.compile(r"/\*.*?\*/\s*|^[ \t]+", re.DOTALL | re.MULTILINE),
    ".js": re.compile(r"^[ \t]*(?://.*\n)?|(?<=[;,{(\[]) // .*$", re.MULTILINE),
}
# What a module takes from another one. Not Django's own pattern for it: that looks into the comments of other
# packages' scripts too, and fails.
_IMPORT = re.compile(r'^import \{[^}]*\} from "\./[\w-]+\.js";\n', re.MULTILINE)
_TEXTS = re.compile(r'^import \{[^}]*\} from "\./(texts\.js)";\n', re.MULTILINE)
_IMPORTED = (r'(?P<matched>from "(?P<url>\./[\w-]+\.js)")', 'from "%(url)s"')
_OFTEN_LOADED = ("css/core.", "css/studio.", "js/core.", "js/studio.", "django_htmx/htmx-2.min.")
_COLLECTED = "collected"  # the file that says which sources were collected


class HashedStaticFilesStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # no types
    """A file of ours that consists of others holds them when it is collected: one request instead of many.

    What style sheets refer to has a hashed name as well, and what our modules import: a browser that kept one
    of an older studio would else run it with newer ones.
    """

    patterns = (*CompressedManifestStaticFilesStorage.patterns, ("js/*.js", (_IMPORTED,)))

    def post_process(self, paths: dict[str, Any], dry_run: bool = False, **options: Any) -> Iterator[Any]:
        if not dry_run:
            for name in [each for each in paths if each.startswith(("css/", "js/"))]:
                self._join_parts(name, paths)
        yield from super().post_process(paths, dry_run=dry_run, **options)

    def _join_parts(self, name: str, paths: dict[str, Any]) -> None:
        folder, kind = Path(name).parent, Path(name).suffix
        parts = _PARTS.get(kind)
        if parts is None or not parts.search(text := _read(*paths[name])):
            return
        texts = {part: _read(*paths[f"{folder}/{part}"]) for part in parts.findall(text)}
        imports = dict.fromkeys(line for each in texts.values() for line in _IMPORT.findall(each))
        joined = parts.sub(lambda part: _as_part(texts[part[1]], kind), text)
        head = "".join(imports)
        if needed := _TEXTS.search(head):
            # Nearly each part has texts: a request for the few lines that show them would cost more.
            shown = _read(*paths[f"{folder}/{needed[1]}"])
            head = _TEXTS.sub("", head) + _NEEDLESS[kind].sub("", shown).replace("export ", "")
        Path(self.path(name)).write_text(head + joined)
        paths[name] = (self, name)


def _read(storage: Storage, path: str) -> str:
    with storage.open(path) as file:
        return str(file.read().decode())


def _as_part(text: str, kind: str) -> str:
    """Return a file as a part of another one: a module's names stay its own, but for what it imports."""
    text = _NEEDLESS[kind].sub("", _IMPORT.sub("", text) if kind == ".js" else text)
    return f"{{\n{text}}}" if kind == ".js" else text


class LocalStaticFilesStorage(HashedStaticFilesStorage):
    """The same for a studio on one's own machine, where nobody is asked to collect anything.

    What `collect_changed` has not collected keeps its plain name, under which it is served in place. Only
    what most pages load is compressed beforehand: other people's bundles take ten seconds, and few need them.
    """

    keep_only_hashed_files = True

    def compress_files(self, paths: Iterable[str]) -> Iterator[tuple[str, str]]:
        yield from super().compress_files([path for path in paths if path.startswith(_OFTEN_LOADED)])

    def stored_name(self, name: str) -> str:
        return str(self.hashed_files.get(self.hash_key(self.clean_name(name)), name))


def collect_changed() -> None:
    """Collect the static files into STATIC_ROOT, unless those that are there were made of the same sources.

    It takes a second, and a look at each file where nothing has changed.
    """
    root = Path(settings.STATIC_ROOT)
    note, sources = root / _COLLECTED, _describe_sources()
    if note.exists() and note.read_text() == sources:
        return
    shutil.rmtree(root, ignore_errors=True)  # names of earlier versions pile up
    call_command("collectstatic", interactive=False, verbosity=0)
    note.write_text(sources)


def _describe_sources() -> str:
    """Return a digest of all static files' names, sizes and times, and of how they are collected."""
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for finder in finders.get_finders():
        for name, storage in finder.list(None):
            status = Path(storage.path(name)).stat()
            digest.update(f"{name}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
    return digest.hexdigest()
