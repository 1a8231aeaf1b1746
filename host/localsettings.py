"""local.settings.json, which Azure's tools read on a developer's machine."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from host.errors import HostError


def local_settings(folder: Path, environ: Mapping[str, str]) -> Mapping[str, str]:
    """
    The values of local.settings.json that the environment does not have already.

    Raises `HostError` where the file makes no sense, or is encrypted.
    """
    path = folder / "local.settings.json"
    if not path.exists():
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if found.get("IsEncrypted"):
            raise HostError(f"{path} is encrypted")
        values = found.get("Values", {}).items()
        return {name: str(value) for name, value in values if name not in environ}
    except (AttributeError, ValueError) as error:
        raise HostError(f"{path} makes no sense: {error}") from None
