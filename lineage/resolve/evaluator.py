"""The value of an expression's tree, with its trace."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from lineage.model import REMOVED, Evaluated, Gap, Reason, Value
from lineage.resolve.functions import FUNCTIONS, Function, Functions, Markup, Refused, text, weight
from lineage.resolve.syntax import Call, Literal, Node, Path, Step, Text
from lineage.ticks import Ticks

MOST_STEPS = 10_000  # nodes looked at for one text; what is long counts for many
MARKUP = "XML that is only for xpath()"
LONGEST_LABEL = 120  # characters

_ABSENT = object()
_NOUNS = {
    ".globalparameters": "global parameter",
    "activity()": "activity",
    "variables()": "variable",
}  # what the names of a root are, where they are no parameters
_LIGHT = 128  # characters and items of a value that are looked at without a further step


def no_time() -> Ticks | None:
    """The clock of a scope that has none."""
    return None


class Scope(Struct, frozen=True, eq=False):
    """
    What an expression may refer to.

    `roots` holds by lower-cased name what `dataset()`, `pipeline()` … give: a value, or names of
    further ones (`{"pipeline": {"parameters": {"day": Value}}}`). The arguments of a root are its
    first steps: `variables('x')` is `x` in `variables`. `now` is asked where the moment of
    evaluation matters, which no run tells: None makes a gap of it. `late` holds roots that are
    made when they are asked for.
    """

    roots: Evaluated = field(default_factory=dict)
    functions: Functions = field(default_factory=lambda: FUNCTIONS)
    now: Callable[[], Ticks | None] = no_time
    late: Mapping[str, Callable[[], Value | Evaluated]] = field(default_factory=dict)

    def within(self, roots: Evaluated) -> Scope:
        """The same, with other roots."""
        return replace(self, roots=roots)

    def below(self, roots: Evaluated) -> Scope:
        """The same functions and clock, and these roots alone."""
        return replace(self, roots=roots, late={})


NOTHING = Scope()


def evaluate_node(node: Node, scope: Scope, place: str) -> Value:
    """The plain value of a parsed expression; `place` says where it is written."""
    found = _Evaluation(scope, place).value(node)
    if isinstance(found.value, Markup):
        return gap(place, MARKUP)
    return found if found.trace or found.gap else Value(found.value, (place,))


def member(values: Mapping[str, Any], name: str, default: Any = None) -> Any:
    """What `values` holds under a name; its case matters only where several differ by case."""
    if name in values:
        return values[name]
    folded = name.casefold()
    found = [key for key in values if isinstance(key, str) and key.casefold() == folded]
    return values[found[0]] if len(found) == 1 else default


def gap(place: str, what: str, reason: Reason = Reason.UNRESOLVED) -> Value:
    """A value that is not known: where, and what stopped it."""
    return Value(gap=Gap(reason, detail=f"{place}: {what}" if what else place))


def joined(parts: Iterable[Value], value: Any) -> Value:
    """`value` with the trace of its parts, several side by side, or the first gap among them."""
    parts = list(parts)
    traces = tuple(dict.fromkeys(part.trace for part in parts if part.trace))
    trace = traces[0] if len(traces) == 1 else traces
    stopped = next((part.gap for part in parts if part.gap), None)
    return Value(None if stopped else value, trace, stopped)


def label(node: Node) -> str:
    """A call or path without its arguments and literals, for traces: `dataset().table`."""
    match node:
        case Call(name):
            return f"{name}()"
        case Path(root, steps):
            whole = label(root) + "".join(_step_label(step) for step in steps)
            return whole if len(whole) <= LONGEST_LABEL else whole[: LONGEST_LABEL - 1] + "…"
    return "text"


def _holds_mark(value: Any) -> bool:
    """Whether a secret was taken out of a value: what a function makes of the rest is a guess."""
    if isinstance(value, (dict, list, tuple)):
        return any(map(_holds_mark, value.values() if isinstance(value, dict) else value))
    return isinstance(value, str) and REMOVED in value


def _step_label(step: Step) -> str:
    match step.key:
        case Literal(str() as name):
            return f".{name}"
        case Literal(int() as index):
            return f"[{index}]"
    return "[…]"


class _Evaluation:
    """One text being evaluated: counts its steps."""

    __slots__ = ("_left", "_place", "_scope")

    def __init__(self, scope: Scope, place: str) -> None:
        self._scope, self._place, self._left = scope, place, MOST_STEPS

    def value(self, node: Node) -> Value:
        """The value of a node."""
        if not self._may(1):
            return self._gap(f"more than {MOST_STEPS} steps")
        match node:
            case Literal(value):
                return Value(value)
            case Text(parts):
                return self._text(parts)
            case Path(root, steps):
                return self._path(node, root, steps)
            case Call():
                return self._path(node, node, ())

    def _may(self, steps: int) -> bool:
        """Whether so many steps more are allowed, which are taken."""
        self._left -= steps
        return self._left >= 0

    def _work_with(self, values: Iterable[Any]) -> bool:
        """Whether a function or a text may still look at these: what is long takes many steps."""
        return all(self._may(weight(value) // _LIGHT) for value in values)

    def _text(self, parts: tuple[str | Node, ...]) -> Value:
        found = [Value(part) if isinstance(part, str) else self.value(part) for part in parts]
        whole = joined(found, None)
        if whole.gap:
            return whole
        if not self._work_with(part.value for part in found):
            return self._gap(f"more than {MOST_STEPS} steps")
        try:
            return Value("".join(text(part.value) for part in found), whole.trace)
        except (ValueError, RecursionError):
            return self._gap("a value that is no text")

    def _path(self, node: Node, root: Call, steps: tuple[Step, ...]) -> Value:
        name = root.name.lower()
        start = member(self._scope.roots, name, _ABSENT)
        if start is _ABSENT and name in self._scope.late:
            start = self._scope.late[name]()
        if start is _ABSENT:
            start = self._call(root)
        else:
            steps = tuple(Step(argument) for argument in root.arguments) + steps
        found = self._follow(root, start, steps)
        return Value(found.value, (label(node), *found.trace), found.gap)

    def _call(self, call: Call) -> Value:
        """A function's value. Its arguments come first, and so do their gaps."""
        function = self._scope.functions.get(call.name.lower())
        arguments = list(self._arguments(call, function))
        whole = joined(arguments, None)
        if whole.gap:
            return whole
        if function is None:
            return self._gap(label(call))
        most = len(call.arguments) if function.most is None else function.most
        if not function.least <= len(call.arguments) <= most:
            return self._gap(f"{label(call)} with {len(call.arguments)} arguments")
        values = [argument.value for argument in arguments]
        moment = [self._scope.now()] if function.asks_time else []
        if None in moment:
            return self._gap(label(call))
        if not self._work_with(values) or not self._may(function.steps):
            return self._gap(f"more than {MOST_STEPS} steps")
        if not function.reads_markup and any(isinstance(value, Markup) for value in values):
            return self._gap(f"{label(call)}: {MARKUP}")
        try:
            found = function.apply(*moment, *values)
            guessed = _holds_mark(values) and not _holds_mark(found)
        except Refused as error:
            return self._gap(f"{label(call)}: {error}")
        except RecursionError:
            return self._gap(f"{label(call)}: nested too deeply")
        if guessed:
            return gap(self._place, f"{label(call)} of a value that was removed", Reason.MASKED)
        self._work_with([found])
        return Value(found, whole.trace)

    def _arguments(self, call: Call, function: Function | None) -> Iterator[Value]:
        """The arguments that a function looks at, one after the other: of `if`, two of three."""
        given = call.arguments
        if function is None or function.choose is None or len(given) < function.least:
            yield from map(self.value, given)
            return
        known: list[Any] = []
        try:
            while (at := function.choose(known, len(given))) is not None:
                found = self.value(given[at])
                yield found
                if found.gap:
                    return
                known.append(found.value)
        except Refused as error:
            yield self._gap(f"{label(call)}: {error}")

    def _follow(self, root: Call, start: Any, steps: tuple[Step, ...]) -> Value:
        """From a root, or what a function gave, along `steps`; a key that is evaluated is told."""
        current, keys = start, list[Value]()
        for done, step in enumerate(steps):
            if isinstance(current, Value) and current.gap:
                return current
            key = self.value(step.key)
            if key.gap:
                return key
            keys.append(key)
            if isinstance(current, Value):
                current = self._inside(current, step, key.value)
                continue
            current = member(current, str(key.value), _ABSENT)
            if current is _ABSENT:
                return self._gap(_not_there(Path(root, steps[:done]), step))
        found = current if isinstance(current, Value) else _plain(current)
        return joined((found, *keys), found.value)

    def _inside(self, of: Value, step: Step, key: Any) -> Value:
        """The member of a plain value; only here may a question mark make null of nothing."""
        found: Any = _ABSENT
        if isinstance(of.value, dict) and isinstance(key, str):
            found = member(of.value, key, _ABSENT)
        elif isinstance(of.value, (list, tuple)) and type(key) is int and 0 <= key < len(of.value):
            found = of.value[key]
        if found is _ABSENT and step.safe and (of.value is None or isinstance(of.value, dict)):
            found = None
        if found is _ABSENT:
            return self._gap(f"nothing at {_step_label(step)}")
        return Value(found, of.trace)

    def _gap(self, what: str) -> Value:
        return gap(self._place, what)


def _not_there(before: Path, step: Step) -> str:
    """What to say of a name that a root does not have."""
    name = _step_label(step).lstrip(".")
    reached = label(before)
    if reached.lower() == "pipeline()":
        return f"{reached}.{name}"
    noun = next((noun for root, noun in _NOUNS.items() if reached.lower().endswith(root)), "")
    return f"{noun or 'parameter'} {name} has no value"


def _plain(values: Evaluated) -> Value:
    """All that a root has, as one object."""
    parts = {k: v if isinstance(v, Value) else _plain(v) for k, v in values.items()}
    return joined(parts.values(), {k: part.value for k, part in parts.items()})
