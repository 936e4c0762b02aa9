"""WFDB beat symbols to AAMI classes, in the two mappings in use."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

#: Rows and columns of a confusion matrix; ``O`` = no beat there: a missed or an extra one.
CLASSES = ("N", "S", "V", "F", "Q", "O")
N, S, V, F, Q, O = range(6)  # noqa: E741 - the standard's own letters

#: Code of a symbol that is no beat (rhythm changes, noise marks, flutter waves, ...).
NOT_A_BEAT = -1

_COMMON = {
    **dict.fromkeys("NLRB", N),
    **dict.fromkeys("AaJSn", S),
    **dict.fromkeys("VEr", V),
    "F": F,
    **dict.fromkeys("/fQ?", Q),
}

#: ``bxb``: what WFDB's comparison program does; escape beats ``e`` and ``j`` are supraventricular.
#: ``dechazal``: de Chazal et al., IEEE TBME 51(7), 2004; ``e`` and ``j`` are normal.
MAPPINGS = {
    "bxb": {**_COMMON, "e": S, "j": S},
    "dechazal": {**_COMMON, "e": N, "j": N},
}


def class_codes(symbols: Iterable[str], mapping: str = "bxb") -> NDArray[np.int64]:
    """Translate beat symbols to indices into :data:`CLASSES`.

    Parameters
    ----------
    symbols : iterable of str
        WFDB annotation symbols; the AAMI letters N S V F Q are such symbols too and map to themselves.
    mapping : {"bxb", "dechazal"}
        Which class the escape beats ``e`` and ``j`` belong to, see :data:`MAPPINGS`.

    Returns
    -------
    int64 array, one code per symbol: 0..4, or :data:`NOT_A_BEAT`.

    Raises
    ------
    ValueError
        If the mapping is unknown.
    """
    if mapping not in MAPPINGS:
        raise ValueError(f"unknown label mapping {mapping!r}; there are {', '.join(MAPPINGS)}")
    table = MAPPINGS[mapping]
    return np.fromiter((table.get(symbol, NOT_A_BEAT) for symbol in symbols), dtype=np.int64)
