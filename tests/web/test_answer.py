"""What an answer looks like, whatever went wrong."""

import json

import pytest

from lineage.errors import BadInput, LineageError, Rejected, SettingsError, Unavailable
from lineage.web import Answer, Refusal, answered


@pytest.mark.parametrize(
    ("error", "status", "code", "wait"),
    [
        (Refusal(403, "UnknownFactory", "no"), 403, "UnknownFactory", None),
        (Refusal(429, "TooManyRequests", "no", 60), 429, "TooManyRequests", "60"),
        (SettingsError("LINEAGE_QUEUE: is to be a name"), 503, "SettingsError", None),
        (Unavailable("the store did not answer", 7.4), 503, "Unavailable", "7"),
        (Unavailable("the store did not answer"), 503, "Unavailable", "60"),
        (Rejected("the store refused it", 413), 503, "Unavailable", "60"),
        (BadInput("what"), 503, "Unavailable", "60"),
    ],
)
def test_an_error_of_ours_is_an_answer(
    error: LineageError, status: int, code: str, wait: str | None
) -> None:
    def fail() -> Answer:
        raise error

    answer = answered(fail)

    assert answer.status == status
    assert answer.body == {"error": {"code": code, "message": str(error)}}
    assert answer.all_headers.get("Retry-After") == wait


def test_a_bug_is_not_made_an_answer_of() -> None:
    def fail() -> Answer:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        answered(fail)


def test_no_cache_keeps_an_answer_and_no_name_leaves_its_text() -> None:
    answer = Answer(200, {"name": 'a"\r\n\u202e</script>'})

    assert answer.text.isascii()
    assert "\n" not in answer.text
    assert json.loads(answer.text) == answer.body
    assert answer.all_headers["Cache-Control"] == "no-store"
    assert "Location" not in answer.all_headers
