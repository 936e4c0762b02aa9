"""Records, headers and annotations are read in one place. Oracle: the sources themselves."""

from __future__ import annotations

import re

from host_tools.build import ROOT

#: Noise is no ECG: it is taken as it is stored, both channels at once.
NOISE = {"host_tools/noise/mixing.py", "training/augment.py"}


def test_no_module_reads_a_record_past_the_reader() -> None:
    sources = [p for folder in ("host_tools", "training", "export") for p in (ROOT / folder).rglob("*.py")]
    found = {
        path.relative_to(ROOT).as_posix()
        for path in sources
        if re.search(r"\brd(record|samp|ann|header)\b", path.read_text())
    }
    assert found == NOISE
