"""Reading parts of names from an evaluated definition."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from lineage.connectors import _hosts, _text
from lineage.connectors._parts import ABSENT, Part
from lineage.model import Gap, Reason, Value

_NOTHING = Value()
_SECRETS = frozenset({"AzureKeyVaultSecret", "SecureString"})


class Tree(Struct, frozen=True):
    """An evaluated object, and what it is called in a gap: `dataset ds_orders`."""

    root: object
    place: str

    def has(self, key: str) -> bool:
        """Whether there is anything under `key`, of whatever form."""
        return isinstance(self.root, dict) and key in self.root

    def at(self, key: str) -> Tree:
        """The object under `key`."""
        node = self.root.get(key) if isinstance(self.root, dict) else self.root
        return Tree(node, self.place)

    def value(self, key: str) -> Value:
        """The leaf under `key`; where the whole object is a gap, so is its leaf."""
        if isinstance(self.root, dict):
            leaf = self.root.get(key)
            if isinstance(leaf, Value):
                return leaf
            if isinstance(leaf, dict) and _type(leaf) in _SECRETS:
                return Value(gap=self.gap(Reason.HIDDEN_CONNECTION, key))
        elif isinstance(self.root, Value) and self.root.gap is not None:
            return self.root
        return _NOTHING

    def raw(self, key: str) -> Part:
        """The text under `key` as it stands; numbers are text, other types are no value."""
        found = self.value(key)
        text = _text.plain(found.value) if found.gap is None else ""
        return Part(text or None, found.trace, found.gap)

    def part(self, key: str) -> Part:
        """The text under `key`, fit to be part of a name."""
        return self.checked(self.raw(key), key)

    def first(self, *keys: str) -> Part:
        """The first of these keys that is given."""
        return next((part for part in map(self.part, keys) if part.given), ABSENT)

    def checked(self, part: Part, label: str) -> Part:
        """`part`, or a gap in its place where its text must not be in a name."""
        if part.text is None:
            return part
        if _text.secret(part.text) or _text.masked(part.text):
            return self.refused(part, Reason.HIDDEN_CONNECTION, label)
        if _text.template(part.text):  # remembers what it was asked: no secret gets here
            return self.refused(part, Reason.UNRESOLVED, f"{label}: template text")
        return part

    def host(self, part: Part, label: str) -> Part:
        """
        `part` as a host: template text is none, and a loopback one says nothing elsewhere.

        Without a gap it is not known where nothing, or nothing like a host, is given.
        """
        found = self.checked(part, label)
        if found.text is None:
            return found
        if _hosts.local(found.text):
            return self.refused(found, Reason.LOCAL_NAME, label)
        return replace(found, text=_hosts.clean(found.text) or None)

    def refused(self, part: Part, reason: Reason, detail: str) -> Part:
        """`part` with a gap in place of its text."""
        return Part(None, part.trace, self.gap(reason, detail))

    def gap(self, reason: Reason, detail: str) -> Gap:
        """A gap of this object; `detail` names a part and never holds its value."""
        return Gap(reason, detail=f"{self.place}: {detail}")


def _type(node: Mapping[str, object]) -> str:
    kind = node.get("type")
    name = kind.value if isinstance(kind, Value) else kind
    return name if isinstance(name, str) else ""  # templates put lists and objects anywhere
