"""Which records are trained on and tested on, their patients, classes and cross-validation folds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from host_tools.errors import UserError
from training.data import load_manifest

#: Inter-patient split of de Chazal et al., IEEE Trans. Biomed. Eng. 51(7), 2004.
DS1 = (
    *("101", "106", "108", "109", "112", "114", "115", "116", "118", "119", "122"),
    *("124", "201", "203", "205", "207", "208", "209", "215", "220", "223", "230"),
)
DS2 = (
    *("100", "103", "105", "111", "113", "117", "121", "123", "200", "202", "210"),
    *("212", "213", "214", "219", "221", "222", "228", "231", "232", "233", "234"),
)
#: Paced records: left out of classification, kept in QRS detection.
PACED = ("102", "104", "107", "217")

#: Even-numbered records of the MIT-BIH Supraventricular Arrhythmia Database; the odd ones stay untouched.
SVDB = tuple(sorted(name[:-4] for name in load_manifest()["svdb"].files if name.endswith(".hea")))

#: Training protocols: which records each may see, in training and in every choice.
PROTOCOLS: dict[str, tuple[str, ...]] = {"ds1": DS1, "ds1+svdb": (*DS1, *SVDB)}

#: The protocol of the model in the firmware.
SHIPPED = "ds1+svdb"

#: What figures are given of, as reports call it.
DATABASE_NAMES = {"ds1": "DS1", "svdb": "svdb"}

#: AAMI classes by their WFDB symbols, de Chazal's mapping. Q is never trained or scored.
AAMI_SYMBOLS = {"N": "NLRej", "S": "AaJS", "V": "VE", "F": "F", "Q": "/fQ"}
LABELS = tuple(AAMI_SYMBOLS)
LABEL_Q = LABELS.index("Q")
#: Label of a detection that is no beat.
LABEL_NONE = len(LABELS)
_LABEL_OF_SYMBOL = {s: i for i, name in enumerate(LABELS) for s in AAMI_SYMBOLS[name]}

#: mitdb's records of one and the same person; they lie on both sides of the DS1/DS2 split.
SAME_PATIENT = {"202": "201"}

#: Follows a record's name where the inputs come from its other lead.
OTHER_LEAD = ":2"

#: Made-up records of a record's beats are called ``<record>~<mode>.<number of the draw>``.
MADE_UP, DRAW = "~", "."


def original_of(name: str) -> str:
    """Return the record behind another lead or a made-up record."""
    return name.partition(MADE_UP)[0].removesuffix(OTHER_LEAD)


def mode_of(name: str) -> str:
    """Return the mode of a made-up record, an empty string for a real one."""
    return name.partition(MADE_UP)[2].partition(DRAW)[0]


@dataclass(frozen=True)
class Source:
    """Where a name such as ``"101"``, ``"101:2"`` (its other lead) or ``"800"`` points."""

    database: str
    record: str
    other_lead: bool


def source_of(name: str) -> Source:
    """Find the database, record and lead of a name.

    Raises
    ------
    UserError
        If no training or test record has this name.
    """
    record = original_of(name)
    other_lead = name.partition(MADE_UP)[0].endswith(OTHER_LEAD)
    if record in SVDB:
        return Source("svdb", record, other_lead)
    if record in DS1 or record in DS2 or record in PACED:
        return Source("mitdb", record, other_lead)
    raise UserError(f"{name}: no record of mitdb, and none of svdb that training may see")


def is_svdb(name: str) -> bool:
    """Whether a record is one of svdb's."""
    return original_of(name) in SVDB


def patient_of(name: str) -> str:
    """Identity of the patient; records of one patient, and both leads of a record, share it."""
    record = original_of(name)
    return SAME_PATIENT.get(record, record)


def refuse_ds2(names: tuple[str, ...] | list[str]) -> None:
    """Refuse test records; raises UserError."""
    for name in names:
        if original_of(name) in DS2:
            raise UserError(f"record {name} belongs to DS2, which is never trained on")


def label_of_symbol(symbol: str) -> int | None:
    """Index into ``LABELS`` of a WFDB beat symbol, None for annotations that are no beats."""
    return _LABEL_OF_SYMBOL.get(symbol)


def assign_folds(label_counts: dict[str, NDArray[np.int64]], folds: int, seed: int) -> dict[str, int]:
    """Fold of each record: patient-wise, stratified by the number of S and V beats, repeatable.

    Patients are sorted by their ectopic beats (S twice, because there are few) and dealt out in
    rounds, each round in a random order. The two databases are dealt one after the other, so that
    mitdb's folds are the same with and without svdb.

    Parameters
    ----------
    label_counts : dict of str to ndarray
        Beats of each class by record, int64 [>= 3].
    folds : int
        Number of folds.
    seed : int
        Seed of the order within the rounds.

    Returns
    -------
    dict of str to int
        Fold, 0 .. folds - 1.
    """
    rng = np.random.default_rng(seed)
    fold_of: dict[str, int] = {}
    for database in (False, True):
        weight: dict[str, int] = {}
        for record in sorted(r for r in label_counts if is_svdb(r) is database):
            counts = label_counts[record]
            patient = patient_of(record)
            weight[patient] = weight.get(patient, 0) + 2 * int(counts[1]) + int(counts[2])
        order = sorted(weight, key=lambda patient: (-weight[patient], patient))
        for start in range(0, len(order), folds):
            for patient, fold in zip(order[start : start + folds], rng.permutation(folds), strict=False):
                fold_of[patient] = int(fold)
    return {record: fold_of[patient_of(record)] for record in sorted(label_counts)}
