"""Pages from templates: text is escaped, a name that is not given is a fault, and a file is replaced whole."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from jinja2 import Environment


_ROLES = {
    "<table": "table", "<thead": "rowgroup", "<tbody": "rowgroup", "<tr": "row", "<td": "cell",
    '<th scope="col"': "columnheader", '<th scope="row"': "rowheader",
}  # fmt: skip
# Series stay tables everywhere, and are many.
_PART = re.compile(rf"""(?P<series><table class="series">.*?</table>)|({"|".join(_ROLES)})([^>]*)>""", re.DOTALL)
_IN_TWO_LANGUAGES = re.compile(r'\{\{ t\("(.*)", "(.*)"\) \}\}')


def as_cards(template: str) -> str:
    """A template of which a table's rows may be laid out as cards, as on a phone: a cell that is marked `data-label`
    gets the head of its column as label, and roles tell what a browser takes for no table once it is laid out so.
    """
    heads: list[str] = []
    column = -1

    def part(found: re.Match[str]) -> str:
        nonlocal column
        if found["series"]:
            return found[0]
        _, name, attributes = found.groups()
        column = -1 if name == "<tr" else column + 1
        if name == "<thead":
            heads.clear()
        elif name == '<th scope="col"':
            heads.append(_label(template[found.end() :].partition("</th>")[0]))
        elif " data-label" in attributes:
            attributes = attributes.replace(" data-label", heads[column])
        return f'{name} role="{_ROLES[name]}"{attributes}>'

    return _PART.sub(part, template)


def _label(head: str) -> str:
    words = _IN_TWO_LANGUAGES.fullmatch(head)
    return f' data-label="{words[1]}" data-en="{words[2]}"' if words else f' data-label="{head}"'


def environment(package: str) -> Environment:
    """The templates of a package's folder `templates`."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    folder = files(package) / "templates"
    return Environment(
        loader=FunctionLoader(lambda name: as_cards((folder / name).read_text("utf-8"))),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def write_whole(path: Path, content: str | bytes) -> Path:
    """Write a file, and its folder where there is none, so that a reader never sees half of it; returns the path."""
    with whole_file(path) as file:
        file.write(content.encode() if isinstance(content, str) else content)
    return path


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A file to write to, which stands under its name when it is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.part")
    with fresh.open("wb") as file:
        yield file
    fresh.replace(path)
