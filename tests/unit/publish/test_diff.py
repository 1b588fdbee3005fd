from vwu.publish.diff import RowChange, compare_rows
from vwu.publish.parts import Part, candidate_hash


def test_rows_are_paired_by_key() -> None:
    before = [{"id": 1, "value": 5}, {"id": 2, "value": 6}, {"id": 3, "value": 7}]
    after = [{"id": 3, "value": 8}, {"id": 1, "value": 5}, {"id": 4, "value": 9}]
    changes = compare_rows("t", ("id",), before, after)
    assert [(change.kind, change.key, change.columns) for change in changes] == [
        ("removed", (2,), ("id", "value")),
        ("changed", (3,), ("value",)),
        ("added", (4,), ("id", "value")),
    ]


def test_without_a_key_a_change_is_a_row_gone_and_a_row_come() -> None:
    changes = compare_rows("t", (), [{"value": 5}], [{"value": 6}])
    assert changes == [
        RowChange("t", (5,), {"value": 5}, None, ("value",)),
        RowChange("t", (6,), None, {"value": 6}, ("value",)),
    ]


def test_a_new_column_is_a_change() -> None:
    [change] = compare_rows("t", ("id",), [{"id": 1, "note": None}], [{"id": 1, "note": "x"}])
    assert change.columns == ("note",)


def test_candidate_hash_follows_content_and_not_order_or_counts() -> None:
    one, two = Part("t", "a", "1" * 64, 3), Part("t", "b", "2" * 64, 4)
    assert candidate_hash([one, two]) == candidate_hash([two, one])
    assert candidate_hash([one]) != candidate_hash([one, two])
    assert candidate_hash([Part("t", "a", "2" * 64, 3), two]) != candidate_hash([one, two])
    assert candidate_hash([Part("t", "ab", "1" * 64, 1)]) != candidate_hash([Part("ta", "b", "1" * 64, 1)])
