"""What a verb prints for machines, held to its schema wherever a test runs it."""

from __future__ import annotations

import json
from typing import Any

from jsonschema import Draft202012Validator

from vwu.cli.output import schema


def machine_output(verb: str, text: str) -> Any:
    """The JSON that a verb printed with `--json`. Fails when it is not as `outputs.json` says."""
    content = json.loads(text)
    Draft202012Validator(schema(verb)).validate(content)
    return content
