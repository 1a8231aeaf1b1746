"""What may be part of a name, and what must be refused."""

from __future__ import annotations

import pytest

from lineage.connectors._text import expression, masked, plain, secret, template


@pytest.mark.parametrize(
    "text",
    [
        "stg_@{item().name}",
        "@concat('a', 'b')",
        " @item()",
        "raw/@dataset().path",
        "@Pipeline().parameters.x",
        "[parameters('x')]",
        "[concat('https://', parameters('x'))]",
        "[toLower(variables('x'))]",
        "@[pipeline](x)",  # an expression once its brackets are off
        "@^{x}",  # and once its escape is
        "[[]parameters(x)]",
        "#{server}#",
        "#STORAGE_ACCOUNT_NAME#",
        "$(server)",
        "${server}",
        "<server name>",
        "'wip/' + $runId",
        "'quoted'",
        'a "quoted" word',
        "two\nlines",
        "\ud800",
    ],
)
def test_template_text_is_refused(text: str) -> None:
    assert template(text)


@pytest.mark.parametrize(
    "text",
    [
        "mail@home(1).csv",
        "a@b",
        "$web",
        "C# notes",
        "{N}",
        "Year=2026",
        "Bob's files",
        "[Order Details]",
        "[Orders (old)]",
        "a < b",
        "90 Records.csv",
        "Größe/日本",
    ],
)
def test_a_literal_that_looks_a_little_like_one_is_not(text: str) -> None:
    assert not template(text)


def test_a_placeholder_is_no_expression() -> None:
    assert not expression("#{server}#")


@pytest.mark.parametrize(
    "text",
    ["a?sv=1&sig=x", "Pwd = x", "AccountKey=x", "SharedAccessKey=x", "<removed>", "a/<Removed>/b"],
)
def test_a_keyword_of_a_secret_gives_it_away(text: str) -> None:
    assert secret(text)


@pytest.mark.parametrize("text", ["design=x", "country_code=DE", "password", "Year=2026"])
def test_a_folder_of_partitions_is_no_secret(text: str) -> None:
    assert not secret(text)


def test_asterisks_or_our_mark_alone_are_a_masked_value() -> None:
    assert masked("**********")
    assert masked("<removed>")
    assert not masked("*")
    assert not masked("***.csv")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (" a ", "a"),
        (2019, "2019"),
        (5.0, "5"),
        (0.5, "0.5"),
        (float("nan"), ""),
        (10**64, ""),
        (True, ""),
        (None, ""),
        (["a"], ""),
        ({"value": "a"}, ""),
    ],
)
def test_numbers_become_text_and_other_types_no_value(value: object, text: str) -> None:
    assert plain(value) == text
