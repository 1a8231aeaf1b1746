"""Takes the secrets out of a captured run: pure, and a second time it changes nothing."""

from __future__ import annotations

from lineage.redact._files import Files, redact
from lineage.redact._places import Place, differences, only

__all__ = ["Files", "Place", "differences", "only", "redact"]
