"""What a request makes of the entities it touches, by Atlas's rules; storage is elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from lineage.catalog.sent import Pointer, Sent, missing
from lineage.catalog.typedefs import Reference, subtypes, types
from lineage.errors import Rejected

ACTIVE, DELETED = "ACTIVE", "DELETED"


class Stored(Struct, frozen=True):
    """A row of the table `entity`; unset attributes are left out, times are in milliseconds."""

    guid: str
    type: str
    name: str
    status: str
    attributes: Mapping[str, str | int]
    created: int
    updated: int


class Relation(Struct, frozen=True):
    """A row of the table `relation`; `place` is its place among those of its end 1."""

    guid: str
    type: str
    end1: str
    end2: str
    status: str
    place: int


class Draft:
    """
    The entities that a request names or refers to, with the active relations they own.

    `entities` and `relations` are the rows to be written after `apply`. Entities are applied one
    after the other, so that of two with one name the later wins and what only the first had stays.
    """

    def __init__(
        self,
        stored: Sequence[Stored],
        relations: Iterable[Relation],
        now: int,
        new_guid: Callable[[], str],
    ) -> None:
        self.entities: dict[str, Stored] = {}
        self.relations: dict[str, Relation] = {}
        self._now = now
        self._new_guid = new_guid
        self._known = {each.guid: each for each in stored}
        self._before: dict[str, list[Stored]] = {}
        for each in stored:
            if each.status == ACTIVE:
                self._before.setdefault(each.name, []).append(each)
        self._made: dict[tuple[str, str], str] = {}
        self._owned: dict[tuple[str, str], dict[str, Relation]] = {}
        for relation in relations:
            self._owned.setdefault((relation.type, relation.end1), {})[relation.end2] = relation

    def apply(self, sent: Sequence[Sent]) -> dict[str, str]:
        """Put the entities in, and say which guid each got that came without a real one."""
        assigned = {each.guid: self._target(each) for each in sent}
        for each in sent:
            self._write(each, assigned[each.guid])
            for name, pointers in each.references.items():
                reference = each.type.references[name]
                targets = [self._resolve(pointer, assigned) for pointer in pointers]
                self._check(each, reference, targets)
                self._relate(assigned[each.guid], reference, targets)
        return {guid: target for guid, target in assigned.items() if guid != target}

    def _target(self, sent: Sent) -> str:
        """The guid of the entity that this one is: known by guid, by name, or new."""
        if not sent.guid.startswith("-"):
            if sent.guid not in self._known:
                raise missing(sent.guid)
            return sent.guid
        found = self._find(sent.type.name, sent.name)
        if found is not None:
            return found
        identity = sent.type.name, sent.name
        if identity not in self._made:
            guid = self._made[identity] = self._new_guid()
            self._known[guid] = self.entities[guid] = Stored(
                guid, *identity, ACTIVE, {}, self._now, self._now
            )
        return self._made[identity]

    def _find(self, type_name: str, name: str | None) -> str | None:
        """An entity that was there before the request: of the type, or else of a subtype."""
        kinds = subtypes(type_name)
        namesakes = [] if name is None else self._before.get(name, [])
        fitting = [each for each in namesakes if each.type in kinds]
        return min(fitting, key=lambda each: each.type != type_name).guid if fitting else None

    def _write(self, sent: Sent, guid: str) -> None:
        old = self._known[guid]
        attributes = {**old.attributes, **sent.attributes}
        kept = {key: value for key, value in attributes.items() if value is not None}
        new = replace(old, name=sent.name, attributes=kept)
        if new != old:
            self._known[guid] = self.entities[guid] = replace(new, updated=self._now)

    def _resolve(self, pointer: Pointer, assigned: Mapping[str, str]) -> str:
        if pointer.guid is None:
            found = self._find(pointer.type, pointer.name)
        else:
            found = assigned.get(pointer.guid, pointer.guid)
        if found is None or found not in self._known:
            raise missing(pointer)
        return found

    def _check(self, sent: Sent, reference: Reference, targets: Iterable[str]) -> None:
        for target in targets:
            if reference.target not in types()[self._known[target].type].ancestors:
                ends = f"end type 1: {reference.target}, end type 2: {sent.type.name}"
                message = f"invalid relationshipDef: {reference.relation}: {ends}"
                raise Rejected(message, 400, "ATLAS-400-00-036")

    def _relate(self, guid: str, reference: Reference, targets: Iterable[str]) -> None:
        """Replace what the entity refers to: the order counts, what is left out is soft-deleted."""
        held = self._owned.setdefault((reference.relation, guid), {})
        wanted = list(dict.fromkeys(targets))
        for gone in [target for target in held if target not in wanted]:
            relation = held.pop(gone)
            self.relations[relation.guid] = replace(relation, status=DELETED)
        for place, target in enumerate(wanted):
            old = held.get(target)
            new = (
                replace(old, place=place)
                if old
                else Relation(self._new_guid(), reference.relation, guid, target, ACTIVE, place)
            )
            if new != old:
                held[target] = self.relations[new.guid] = new
