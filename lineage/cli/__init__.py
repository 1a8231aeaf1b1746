"""The command line: the group of commands, and what each kind of error becomes."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

import click

from lineage import __version__
from lineage.cli import _output
from lineage.cli._call import BROKEN_PIPE, COMPLETE, INCOMPLETE, INTERRUPTED, WRONG, Call, common
from lineage.cli._logs import log_to_stderr
from lineage.errors import BadInput, LineageError, SettingsError

# Each is a module beside this one, which is loaded when its command is called.
COMMANDS = {
    "capture": "A live run as a scenario folder, secrets removed, for a bug report or a test.",
    "connectors": "The kinds of data store whose names in the catalog are known.",
    "doctor": "Reaches every source, catalog, store and identity; a remedy for what fails.",
    "drain": "Brings back what ended its worker too often, once the cause is mended.",
    "graph": "The lineage of one asset or process, from the catalog, as a tree.",
    "names": "Every dataset use in a folder of definitions: its name, or why it has none.",
    "replay": "Reopens settled runs, to be reported once more.",
    "runs": "The ledger: one row for each activity run, with status and reasons.",
    "settings": "Every setting with its value and where that comes from.",
    "show": "What would be sent for a run, and how each name came to be; sends nothing.",
    "sync": "One whole pass: collect runs, report their lineage, record how each ended.",
    "types": "What a catalog must know to take lineage; `types install` registers it.",
}

log = logging.getLogger(__name__)


class Commands(click.Group):
    """A group that loads a command's module on use, so that `--version` needs none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names, in order."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, or None."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"lineage.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list in `--help`, without loading anything."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=Commands)
@click.version_option(__version__, prog_name="purview-lineage", message="%(prog)s %(version)s")
@common
def group() -> None:
    """
    Report the lineage of Azure Data Factory and Synapse pipelines to a catalog.

    Exit codes: 0 complete, 1 complete but some run ended Failed, 2 wrong usage or settings,
    3 incomplete: run it again.
    """


def main(arguments: Sequence[str] | None = None, environ: Mapping[str, str] | None = None) -> int:
    """Run one command; returns the exit code. By default with the process's own arguments."""
    call = Call(os.environ if environ is None else environ)
    _output.use_utf8()
    try:
        code = _run(arguments, call)
        sys.stdout.flush()
        return code
    except (KeyboardInterrupt, click.Abort):
        return INTERRUPTED
    except BrokenPipeError:
        _output.drop_stdout()
        return BROKEN_PIPE


def _run(arguments: Sequence[str] | None, call: Call) -> int:
    name = "python -m lineage" if sys.argv[0].endswith(".py") else os.path.basename(sys.argv[0])
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        # click's own main() would end a program whose reader went away with 1, which is Failed.
        with group.make_context(name, given, obj=call) as context:
            code: Any = group.invoke(context)
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except click.ClickException as error:
        error.show(sys.stderr)
        return WRONG
    except SettingsError as error:
        _output.problems(error.problems)
        return WRONG
    except BadInput as error:
        _output.problems(str(error).split("\n"))
        return WRONG
    except LineageError as error:
        _output.problems([str(error)])
        return INCOMPLETE
    except (BrokenPipeError, click.Abort):
        raise
    except Exception as error:
        log_to_stderr(call.verbose)
        log.debug("unexpected", exc_info=True)
        hint = "" if call.verbose > 1 else "; -vv tells where"
        _output.problems([f"our fault: an unexpected {type(error).__name__}{hint}"])
        return INCOMPLETE
    return code if isinstance(code, int) else COMPLETE
