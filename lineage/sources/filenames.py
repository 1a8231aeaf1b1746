"""Names of definitions as names of files, wherever they are written."""

from __future__ import annotations

from hashlib import sha256
from urllib.parse import quote

_LONGEST = 120  # characters of a file's name; file systems take 255 bytes
_DEVICES = frozenset({"aux", "con", "nul", "prn"}) | {
    f"{port}{number}" for port in ("com", "lpt") for number in range(10)
}  # no file of Windows may be called so


def file_name(name: str) -> str:
    """
    A definition's name as that of a file, wherever it is written: `a/b` is `a%2Fb.json`.

    Different names stay different where case does not count, and none is a device or hidden.
    """
    safe = quote(name.encode("utf-8", "surrogatepass"), safe=" ()")
    if safe.startswith((".", " ")) or safe.split(".")[0].strip().lower() in _DEVICES or not safe:
        safe = f"%{ord(name[0]):02X}{safe[1:]}" if name else "%"
    if len(safe) > _LONGEST:
        safe = f"{safe[:_LONGEST]}-{sha256(safe.encode()).hexdigest()[:12]}"
    return f"{safe}.json"
