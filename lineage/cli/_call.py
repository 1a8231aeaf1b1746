"""What one call of the program was asked for, and the options that every command takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import click

from lineage.cli._logs import log_to_stderr
from lineage.errors import SettingsError
from lineage.settings import Settings

COMPLETE, FAILED, WRONG, INCOMPLETE = range(4)  # exit codes, as `--help` has them
INTERRUPTED, BROKEN_PIPE = 130, 141  # 128 and the signal's number, as shells have it

_F = TypeVar("_F", bound=Callable[..., Any])


@dataclass(slots=True)
class Call:
    """
    The environment, and the options given before or after the command's name.

    `sets` are the texts of `--set`.
    """

    environ: Mapping[str, str]
    json: bool = False
    verbose: int = 0
    sets: list[str] = field(default_factory=list)

    @property
    def overrides(self) -> dict[str, str]:
        """`{name: value}` of the `--set` options that are well formed; of one name the last."""
        pairs = (text.partition("=") for text in self.sets)
        return {name.strip(): value for name, equals, value in pairs if equals}

    def check_sets(self) -> None:
        """Refuse a mistyped `--set`: for commands that need no setting, in any environment."""
        if self.sets:
            self.settings()

    def settings(self) -> Settings:
        """The settings. Raises `SettingsError` with every problem there is."""
        malformed = [text for text in self.sets if "=" not in text]
        problems = ["--set: is to be NAME=VALUE"] if malformed else []
        try:
            settings = Settings.from_env(self.environ, self.overrides)
        except SettingsError as error:
            raise SettingsError(*problems, *error.problems) from None
        if problems:
            raise SettingsError(*problems)
        return settings


def common(command: _F) -> _F:
    """
    Add `--set`, `--json` and `--verbose` to a command.

    A decorator of our own, because each is taken both before and after the command's name.
    """
    options = (
        click.option(
            "--set",
            metavar="NAME=VALUE",
            multiple=True,
            expose_value=False,
            callback=_set,
            help="Override a setting; may be repeated.",
        ),
        click.option(
            "--json",
            is_flag=True,
            expose_value=False,
            callback=_json,
            help="Print JSON, for programs.",
        ),
        click.option(
            "-v",
            "--verbose",
            count=True,
            expose_value=False,
            callback=_verbose,
            help="Log to stderr; twice for more.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def _call(ctx: click.Context) -> Call:
    call = ctx.find_object(Call)
    assert call is not None  # noqa: S101  # main() made it
    return call


def _set(ctx: click.Context, _: click.Parameter, value: tuple[str, ...]) -> None:
    _call(ctx).sets += value


def _json(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    _call(ctx).json |= value


def _verbose(ctx: click.Context, _: click.Parameter, value: int) -> None:
    call = _call(ctx)
    call.verbose += value
    log_to_stderr(call.verbose)
