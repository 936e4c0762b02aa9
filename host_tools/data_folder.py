"""Where the databases are: one rule for every command."""

from __future__ import annotations

from host_tools.build import ROOT

#: The project's own folder, whatever the current one is; the options --data (a folder for this) take another.
DATA_DIR = ROOT / "data"
#: Where `make data` puts the MIT-BIH Arrhythmia Database.
MITDB_DIR = DATA_DIR / "mitdb"
