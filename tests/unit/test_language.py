from __future__ import annotations

import pytest

from vwu.language import VARIABLES, for_machines, language, phrase, spoken


@pytest.mark.parametrize(
    ("environment", "chosen"),
    [
        ({}, None),
        ({"LANG": "C.UTF-8"}, None),
        ({"LANG": "en_US.UTF-8"}, None),
        ({"LANG": "vi_VN.UTF-8"}, "vi"),
        ({"LC_ALL": "en_US.UTF-8", "LANG": "vi_VN.UTF-8"}, None),
        ({"VWU_LANG": "en", "LANG": "vi_VN.UTF-8"}, "en"),
        ({"VWU_LANG": "vi", "LANG": "en_US.UTF-8"}, "vi"),
    ],
)
def test_the_locale_chooses_and_only_a_person_leaves_vietnamese_out(
    environment: dict[str, str], chosen: str | None
) -> None:
    assert language(environment) == chosen


def test_a_message_is_said_in_the_readers_language(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    assert spoken("có", "yes") == ["có", "yes"]
    assert spoken("", "") == []
    assert phrase("có", "yes") == "yes"
    monkeypatch.setenv("LANG", "vi_VN.UTF-8")
    assert phrase("có", "yes") == "có"
    with for_machines():
        assert phrase("có", "yes") == "yes"
    monkeypatch.setenv("VWU_LANG", "vi")
    assert spoken("có", "yes") == ["có"]
    monkeypatch.setenv("VWU_LANG", "en")
    assert phrase("có", "yes") == "yes"
