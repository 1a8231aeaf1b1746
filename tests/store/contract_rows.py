"""What every `model.Rows` does."""

from lineage.model import (
    Row,
    Rows,
)


def test_a_row_is_read_as_it_was_written(rows: Rows) -> None:
    row: Row = {
        "v": 1,
        "ticks": 3_155_378_975_999_999_999,
        "text": "Ж ' \" \\ \n 日本 \N{MUSICAL SYMBOL G CLEF}",
        "half": "\ud800",
        "long": "x" * 100_000,
        "nothing": None,
        "list": [1, [True, {"a": []}], ""],
    }

    rows.write("runs", "p", {"k": row})

    assert rows.get("runs", "p", ["k"])["k"][0] == row


def test_rows_that_do_not_exist_are_left_out(rows: Rows) -> None:
    rows.write("runs", "p", {"a": {"v": 1}, "b": {"v": 1}})

    assert list(rows.get("runs", "p", ["b", "nope"])) == ["b"]
    assert rows.get("runs", "p", []) == {}
    assert rows.get("runs", "other", ["a"]) == rows.get("published", "p", ["a"]) == {}


def test_a_range_holds_its_lower_end_only_and_is_in_order(rows: Rows) -> None:
    keys = ["q|1|b", "q|1|a", "q|2|", "q|10|", "o|1|", "r"]
    rows.write("runs", "p", {key: {"v": 1, "key": key} for key in keys})
    rows.write("runs", "other", {"q|1|c": {"v": 1}})

    found = rows.range("runs", "p", "q|1|a", "q|2|")

    assert found == [("q|1|a", {"v": 1, "key": "q|1|a"}), ("q|1|b", {"v": 1, "key": "q|1|b"})]
    assert [key for key, _ in rows.range("runs", "p", "q|", "q|~")] == sorted(
        key for key in keys if key[0] == "q"
    )


def test_a_range_is_scanned_with_the_versions_that_a_write_expects(rows: Rows) -> None:
    rows.write("runs", "p", {key: {"v": 1, "key": key} for key in "abc"})

    found = dict(rows.scan("runs", "p", "a", "c"))

    assert list(found) == ["a", "b"]
    assert found == rows.get("runs", "p", "ab")
    versions = {key: version for key, (_, version) in found.items()}
    assert rows.write("runs", "p", {"a": {"v": 1}}, ["b"], versions)
    assert not rows.write("runs", "p", {"a": {"v": 1}}, ["b"], versions)
    assert list(rows.scan("runs", "nowhere", "", "~")) == []


def test_rows_are_found_by_how_their_keys_begin(rows: Rows) -> None:
    keys = ["a|1|x", "a|1|y", "a|10|x", "a|2|x", "a|3|x", "b|1|x"]
    rows.write("runs", "p", {key: {"v": 1, "key": key} for key in keys})

    found = rows.under("runs", "p", iter(["a|1|", "a|3|", "a|9|", "a|1|"]))

    assert list(found) == ["a|1|x", "a|1|y", "a|3|x"]
    assert found == rows.get("runs", "p", found)
    assert rows.under("runs", "p", []) == rows.under("runs", "nowhere", ["a|1|"]) == {}


def test_more_rows_than_one_transaction_holds_are_written(rows: Rows) -> None:
    rows.write("runs", "p", {f"{n:04d}": {"v": 1, "n": n} for n in range(250)})

    assert [row["n"] for _, row in rows.range("runs", "p", "0000", "~")] == list(range(250))
    assert len(rows.get("runs", "p", [f"{n:04d}" for n in range(250)])) == 250


def test_rows_are_replaced_and_deleted(rows: Rows) -> None:
    rows.write("runs", "p", {"a": {"v": 1, "x": 1}, "b": {"v": 1}})

    assert rows.write("runs", "p", {"a": {"v": 1, "y": 2}}, ["b", "nope"])

    assert [row for _, row in rows.range("runs", "p", "", "~")] == [{"v": 1, "y": 2}]


def test_a_row_that_is_put_and_deleted_is_put(rows: Rows) -> None:
    rows.write("runs", "p", {"a": {"v": 1}})

    assert rows.write("runs", "p", {"a": {"v": 1, "n": 2}}, ["a", "a"])

    assert rows.range("runs", "p", "", "~") == [("a", {"v": 1, "n": 2})]


def test_a_row_is_written_only_if_it_still_has_its_version(rows: Rows) -> None:
    assert rows.write("runs", "p", {"a": {"v": 1, "n": 1}}, expected={"a": 0})
    version = rows.get("runs", "p", ["a"])["a"][1]
    assert rows.write("runs", "p", {"a": {"v": 1, "n": 2}}, expected={"a": version})

    assert not rows.write("runs", "p", {"a": {"v": 1, "n": 3}}, expected={"a": version})
    assert not rows.write("runs", "p", {"a": {"v": 1, "n": 3}}, expected={"a": 0})
    assert not rows.write("runs", "p", {}, ["a"], expected={"a": version})

    assert rows.get("runs", "p", ["a"])["a"][0] == {"v": 1, "n": 2}


def test_nothing_is_written_where_one_version_does_not_hold(rows: Rows) -> None:
    rows.write("runs", "p", {"a": {"v": 1}})
    version = rows.get("runs", "p", ["a"])["a"][1]

    puts: dict[str, Row] = {"a": {"v": 1, "new": True}, "b": {"v": 1}, "c": {"v": 1}}
    written = rows.write("runs", "p", puts, expected={"a": version, "c": version})

    assert not written
    assert rows.range("runs", "p", "", "~") == [("a", {"v": 1})]


def test_a_row_made_anew_has_another_version(rows: Rows) -> None:
    rows.write("runs", "p", {"a": {"v": 1}})
    version = rows.get("runs", "p", ["a"])["a"][1]
    rows.write("runs", "p", {}, ["a"])
    rows.write("runs", "p", {"a": {"v": 1}})

    assert not rows.write("runs", "p", {"a": {"v": 1, "n": 1}}, expected={"a": version})
