"""What the layout tests look at: the project's files, and the modules that a file imports."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import pytest


class Import(NamedTuple):
    """One import statement: which top-level package, where, and whether importing the file runs it."""

    package: str
    place: str
    is_eager: bool


class Project:
    """The project's folder as a source of facts; nothing it lists is ever empty."""

    root = Path(__file__).parents[2]

    @cached_property
    def files(self) -> list[Path]:
        """Every file, relative to the root: tracked, or new and not ignored."""
        command = ["git", "-C", self.root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        files = sorted({Path(name) for name in listed.split("\0") if name and (self.root / name).is_file()})
        assert files
        return files

    def find(self, folder: str, pattern: str) -> list[Path]:
        """The files below a folder that match; absolute."""
        files = sorted((self.root / folder).rglob(pattern))
        assert files, f"no {pattern} in {folder}/"
        return files

    def imports(self, *folders: str) -> list[Import]:
        """Every import of every Python file in the folders."""
        return [found for folder in folders for path in self.find(folder, "*.py") for found in self.imports_of(path)]

    def imports_of(self, path: Path) -> list[Import]:
        """Every import of a file; eager means at module level and not for type checking alone."""
        return list(imports_of(path.read_text("utf-8"), self.name(path)))

    def name(self, path: Path) -> str:
        """A file as people call it: relative to the root."""
        return path.relative_to(self.root).as_posix()


def imports_of(source: str, name: str) -> Iterator[Import]:
    """The imports in one source text."""
    tree = ast.parse(source)
    eager = set(_eager(tree.body))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            packages = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            packages = [node.module]
        else:
            continue
        yield from (Import(package.split(".")[0], f"{name}:{node.lineno}", node in eager) for package in packages)


def _eager(statements: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements that run when the module is imported, through `if`, `try`, `with` and class bodies."""
    for statement in statements:
        yield statement
        if isinstance(statement, ast.If) and "TYPE_CHECKING" in ast.unparse(statement.test):
            yield from _eager(statement.orelse)
        elif not isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
            for block in ("body", "orelse", "finalbody"):
                yield from _eager(getattr(statement, block, []))
            for handler in getattr(statement, "handlers", []):
                yield from _eager(handler.body)


@pytest.fixture(scope="session")
def project() -> Project:
    """The project that these tests belong to."""
    return Project()
