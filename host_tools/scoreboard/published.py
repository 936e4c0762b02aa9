"""Systems that others published, to be put beside the board's figures, each with how it was scored.

Figures are percentages. ``source`` says where a figure comes from: ``measured`` (the program was run on
this data and compared with ``bxb``), ``from the paper`` (read there), ``as published`` (quoted, not
checked).
"""

from __future__ import annotations

from dataclasses import dataclass

MEASURED, READ, QUOTED = "measured", "from the paper", "as published"


@dataclass(frozen=True)
class Classifier:
    """A beat classifier scored on DS2; a rate that was not given is None."""

    name: str
    peaks: str
    scored: str
    accuracy: float | None
    macro_f1: float | None
    s_se: float | None
    s_ppv: float | None
    v_se: float | None
    v_ppv: float | None
    source: str
    remark: str = ""


@dataclass(frozen=True)
class Detector:
    """A QRS detector scored on the 48 records of mitdb."""

    name: str
    se: float
    ppv: float
    kind: str
    source: str


_WHOLE = "whole records"

#: Trained on DS1, tested on DS2 (OSEA: rules, no training).
CLASSIFIERS = (
    Classifier(
        "de Chazal 2004", "annotated", _WHOLE, 81.9, None, 75.9, 38.5, 77.7, 81.9, QUOTED
    ),
    Classifier("Llamedo 2011", "annotated", _WHOLE, 93, None, 77, 39, 81, 87, QUOTED),
    Classifier("Mar 2011", "annotated", _WHOLE, 89.9, None, 83.2, 33.5, 86.8, 75.9, QUOTED),
    Classifier("Mondejar 2019", "annotated", _WHOLE, 94.5, None, 78.1, 49.7, 94.7, 93.9, READ),
    Classifier("Niu 2020", "annotated", _WHOLE, 96.4, None, 76.5, 76.6, 85.7, 94.1, QUOTED),
    Classifier(
        "Saenz-Cogollo 2020", "annotated", _WHOLE, 96.1, None, None, None, None, None, READ,
        "F1: S 73.1, V 90.9",
    ),
    Classifier(
        "Farag 2023", "annotated", _WHOLE, 98.18, 92.17, 85.3, None, 96.34, None, READ, "15 KB .tflite"
    ),
    Classifier(
        "OSEA (EP Limited)", "own", "from 5:00, bxb", None, None, None, None, 95.64, 96.07,
        MEASURED, "integer C, no S class",
    ),
)  # fmt: skip

DETECTORS = (
    Detector("OSEA", 99.77, 99.76, "causal, integer", MEASURED),
    Detector("gqrs", 99.74, 99.72, "integer, with search-back", MEASURED),
    Detector("wqrs", 99.79, 98.79, "causal, integer", MEASURED),
    Detector("Pan-Tompkins", 99.76, 99.56, "causal, integer", QUOTED),
    Detector("Hamilton-Tompkins", 99.69, 99.77, "causal, integer", QUOTED),
    Detector("Martinez", 99.80, 99.86, "not causal", QUOTED),
    Detector("Elgendi", 99.78, 99.87, "by blocks", QUOTED),
    Detector("Kalidas", 99.88, 99.84, "by windows", QUOTED),
)

#: Sensitivity and predictivity on nstdb's records, measured.
NOISE = {"118e06": {"gqrs": (99.27, 70.5), "OSEA": (99.01, 79.5)}}
