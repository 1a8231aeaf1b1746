"""Lineage from one entity, hop by hop, as Atlas counts them: a hop is a process and its data."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from math import inf

INPUTS, OUTPUTS = "dataset_process_inputs", "process_dataset_outputs"
DATA_SET, PROCESS = "end2", "end1"

Edges = dict[str, tuple[str, str]]  # {relation: (from, to)}
Relation = tuple[str, str, str, str]  # guid, type, process, data set
Find = Callable[[str, str, Collection[str]], Iterable[Relation]]


def walk(find: Find, base: str, is_process: bool, direction: str, depth: int) -> Edges:
    """
    The edges on both or one side of an entity; a depth of 0 or less is without limit.

    `find(type, end, guids)` gives the relations of that type with one of the guids at that end,
    removed ones too: Atlas shows them without a mark. Like in Atlas, a process is passed only if
    it has data on its far side too.
    """
    edges: Edges = {}
    if direction in ("INPUT", "BOTH"):
        edges |= _side(find, base, is_process, OUTPUTS, INPUTS, depth)
    if direction in ("OUTPUT", "BOTH"):
        edges |= _side(find, base, is_process, INPUTS, OUTPUTS, depth)
    return edges


def _side(find: Find, base: str, is_process: bool, near: str, far: str, depth: int) -> Edges:
    """Follow `near` relations from data to processes, and their `far` ones to the next data."""
    left = depth if depth > 0 else inf
    edges: Edges = {}
    reached = {base}
    if is_process:
        beyond = list(find(far, PROCESS, {base}))
        edges |= map(_edge, beyond)
        reached = {data for _, _, _, data in beyond}
        left -= 1
    seen = set(reached)
    while reached and left > 0:
        before = list(find(near, DATA_SET, reached))
        beyond = list(find(far, PROCESS, {process for _, _, process, _ in before}))
        passed = {process for _, _, process, _ in beyond}
        edges |= map(_edge, (each for each in before if each[2] in passed))
        edges |= map(_edge, beyond)
        reached = {data for _, _, _, data in beyond} - seen
        seen |= reached
        left -= 1
    return edges


def _edge(relation: Relation) -> tuple[str, tuple[str, str]]:
    guid, kind, process, data = relation
    return guid, ((data, process) if kind == INPUTS else (process, data))
