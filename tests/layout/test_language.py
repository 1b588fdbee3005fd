"""What an operator reads goes through `phrase`: the faults that the command line prints, and its lines to stderr.

It looks at literals in the call itself. A text that is put together elsewhere and handed over by name is not seen.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

import pytest

# The command line prints these, or their subclasses, in place of a traceback; Airflow shows them in a task's log.
TOLD = {
    "AirflowError", "ArgumentTypeError", "BackupError", "BuildError", "CatalogueError", "ChangedWhileReadError",
    "FileNotFoundError", "HiddenContentError", "IntakeError", "LookupError", "MailError", "ManifestError",
    "MigrationError", "NoAnswerError", "NotReceivedError", "NothingPublishedError", "OSError", "OutsideError",
    "PublishError", "RunError", "SettingsError", "StackError", "UnknownCellError",
}  # fmt: skip
SPEAKERS = {"phrase", "spoken"}
WORD = re.compile(r"[^\W\d_]{3,}")
WHO = re.compile(r"^vwu( [a-z-]+)?: ")


def test_what_an_operator_is_told_is_in_both_languages(project: Any) -> None:
    found = {project.name(path): list(unspoken(path.read_text("utf-8"))) for path in project.find("src", "*.py")}
    assert [f"{name}:{line}" for name, lines in found.items() for line in lines] == []


def test_every_fault_that_is_looked_for_is_there(project: Any) -> None:
    named = {name for path in project.find("src", "*.py") for name, _ in told(ast.parse(path.read_text("utf-8")))}
    assert named == TOLD | {"print"}


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("raise IntakeError('there is no receipt')", [1]),
        ("raise IntakeError(f'receipt {receipt} is gone')", [1]),
        ("raise argparse.ArgumentTypeError(f'{text} is no month') from None", [1]),
        ("return StackError(phrase('hết chỗ', 'full') + f'; its log {log}')", [1]),
        ("print(f'vwu check: give one FILE', file=sys.stderr)", [1]),
        ("raise IntakeError(phrase('không có', f'there is no {receipt}'))", []),
        ("raise IntakeError(str(error)) from error", []),
        ("raise NotReceivedError('; '.join(failed))", []),
        ("raise ValueError('of our own')", []),
        ("print(f'vwu check: {phrase(vi, en)}', file=sys.stderr)", []),
    ],
)
def test_an_unspoken_text_is_found(source: str, lines: list[int]) -> None:
    assert list(unspoken(source)) == lines


def unspoken(source: str) -> Iterator[int]:
    """Lines of the calls that tell an operator something in one language only."""
    for _, call in told(ast.parse(source)):
        if any(WORD.search(WHO.sub("", text)) for argument in call.args for text in _literals(argument)):
            yield call.lineno


def told(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """The calls that make such a fault, or print to stderr, with their names."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func).rpartition(".")[2]
            if name in TOLD or (name == "print" and any(each.arg == "file" for each in node.keywords)):
                yield name, node


def _literals(node: ast.AST) -> Iterator[str]:
    """The texts in an expression that do not go through `phrase`."""
    if isinstance(node, ast.Call) and ast.unparse(node.func) in SPEAKERS:
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    for child in ast.iter_child_nodes(node):
        yield from _literals(child)
