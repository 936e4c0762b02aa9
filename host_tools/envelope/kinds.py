"""The kinds of cells: axes of each, how its records are made, what is expected."""

from __future__ import annotations

from .kind import Kind
from .kinds_found import FOUND
from .kinds_front_end import FRONT_ENDS
from .kinds_heart import PACING, RHYTHMS, WAVEFORMS

#: Every kind, in the order of the documents.
KINDS: dict[str, Kind] = {**RHYTHMS, **PACING, **WAVEFORMS, **FRONT_ENDS, **FOUND}
