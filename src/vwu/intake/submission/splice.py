"""Finds elements in an XML part by byte offset and splices text in, so that everything else stays byte for byte."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from xml.parsers import expat
from xml.sax.saxutils import quoteattr


@dataclass(frozen=True, slots=True)
class Element:
    """One element: `start` of its start tag, `inner` where that tag ends, `close` of its end tag, `end` behind it.

    An empty-element tag (`<row/>`) has `inner == close == end`.
    """

    tag: str
    attributes: dict[str, str]
    start: int
    inner: int
    close: int
    end: int

    @property
    def name(self) -> str:
        """The tag without its namespace prefix."""
        return self.tag.rpartition(":")[2]

    @property
    def prefix(self) -> str:
        """The namespace prefix with its colon, or nothing."""
        return self.tag[: len(self.tag) - len(self.name)]

    @property
    def is_empty_tag(self) -> bool:
        return self.inner == self.end


@dataclass(frozen=True, slots=True)
class Splice:
    """Bytes `start` to `end` give way to `text`."""

    start: int
    end: int
    text: bytes


def elements(part: bytes, names: Iterable[str]) -> list[Element]:
    """The elements of some names, in the order of their start tags. Raises ValueError when the part is no UTF-8 XML."""
    wanted = frozenset(names)
    found: list[tuple[int, Element]] = []
    stack: list[tuple[str, dict[str, str], int] | None] = []
    parser = expat.ParserCreate("UTF-8")

    def start(tag: str, attributes: dict[str, str]) -> None:
        is_wanted = tag.rpartition(":")[2] in wanted
        stack.append((tag, attributes, parser.CurrentByteIndex) if is_wanted else None)

    def end(_: str) -> None:
        begun = stack.pop()
        if begun is None:
            return
        tag, attributes, at = begun
        inner = _tag_end(part, at)
        close = parser.CurrentByteIndex
        if part[inner - 2 : inner] == b"/>":
            element = Element(tag, attributes, at, inner, inner, inner)
        else:
            element = Element(tag, attributes, at, inner, close, _tag_end(part, close))
        found.append((at, element))

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    try:
        parser.Parse(part, True)
    except expat.ExpatError as error:
        raise ValueError(str(error)) from error
    return [element for _, element in sorted(found, key=lambda each: each[0])]


def _tag_end(part: bytes, start: int) -> int:
    """Where the tag that begins at `start` ends; a `>` within an attribute's quotes does not end it."""
    quote = 0
    for at in range(start, len(part)):
        byte = part[at]
        if quote:
            quote = 0 if byte == quote else quote
        elif byte in b"\"'":
            quote = byte
        elif byte == ord(">"):
            return at + 1
    raise ValueError("a tag does not end")


def spliced(part: bytes, splices: Iterable[Splice]) -> bytes:
    """The part with all splices made; insertions at one place keep their order."""
    pieces, at = [], 0
    for splice in sorted(splices, key=lambda each: (each.start, each.end)):
        pieces += [part[at : splice.start], splice.text]
        at = splice.end
    return b"".join([*pieces, part[at:]])


def append(part: bytes, parent: Element, text: str) -> Splice:
    """A splice that puts text behind the last child of an element, opening an empty-element tag if need be."""
    if parent.is_empty_tag:
        opened = part[parent.start : parent.end - 2].rstrip() + b">"
        return Splice(parent.start, parent.end, opened + f"{text}</{parent.tag}>".encode())
    return Splice(parent.close, parent.close, text.encode())


def with_attributes(element: Element, changes: dict[str, str]) -> Splice:
    """A splice that sets attributes in an element's start tag."""
    ending = "/>" if element.is_empty_tag else ">"
    return Splice(element.start, element.inner, tag_text(element.tag, element.attributes | changes, ending).encode())


def tag_text(tag: str, attributes: dict[str, str], ending: str) -> str:
    """A start tag with its attributes quoted."""
    written = "".join(f" {name}={quoteattr(value)}" for name, value in attributes.items())
    return f"<{tag}{written}{ending}"
