"""What standards ask of rates, amplitudes, pauses, pacing and tachycardia, and what of it was measured."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Requirement:
    """One requirement.

    Attributes
    ----------
    where : str
        Standard and clause.
    what : str
        What it asks, in short.
    claimed : str
        Whether it is claimed: nothing is claimed as conformity, as no accredited test was done.
    source : str
        Where the requirement is known from; the standards themselves were not at hand.
    kinds : tuple of str
        Kinds of cells that measure it.
    instead : str
        What is said where no kind does.
    """

    where: str
    what: str
    claimed: str
    source: str
    kinds: tuple[str, ...] = ()
    instead: str = ""


_MANUALS = "monitor makers' manuals that cite the clause"
_EC38 = "the published excerpt of AAMI EC38:2007, which adopts the first edition of IEC 60601-2-47"
_NOT = "not verified"

REQUIREMENTS = (
    Requirement(
        "IEC 60601-2-27:2011, 201.12.1.101.13",
        "pulses of ±2 to ±700 mV and 0.1 to 2 ms, rise 10 to 100 µs, no overshoot, are not counted",
        "as measured, on simulated pulses after a 150 Hz low-pass",
        _MANUALS,
        ("pacing", "pacing, loss of capture"),
    ),
    Requirement(
        "the same, pulses with overshoot (tails of 4 to 100 ms)",
        "disclosure of what is rejected",
        "tails of up to 0.05 mV only; larger ones as measured outside the promised range",
        _MANUALS,
        ("pacing spikes with overshoot",),
    ),
    Requirement(
        "IEC 60601-2-27:2011, 201.12.1.101.15 (clause number " + _NOT + ")",
        "QRS complexes of 0.5 to 5 mV and 70 to 120 ms (40 to 120 ms for small children) are found",
        "as measured, 0.2 to 5 mV and 40 to 200 ms",
        _MANUALS,
        ("QRS duration and amplitude", "narrow, steady"),
    ),
    Requirement(
        "IEC 60601-2-27:2011, 201.12.1.101.17",
        "disclosure of the tallest T wave that is not counted; makers state 1.2 mV",
        "as measured, T waves up to the QRS complex's height",
        _MANUALS,
        ("T and U waves",),
    ),
    Requirement(
        "IEC 60601-2-27:2011, 201.7.9.2.9.101 b) 4)",
        "the rates shown for four irregular rhythms are disclosed (bigeminy of 80/min among them)",
        "no: the figures' waveforms were not at hand",
        _MANUALS,
        ("premature beats",),
    ),
    Requirement(
        "IEC 60601-2-27:2011, 201.7.9.2.9.101 b) 5)",
        "response to steps from 80 to 120 and 80 to 40/min is disclosed; makers state less than 11 s",
        "as measured: right from 5 s after each step on, by the device's own RR intervals",
        _MANUALS,
        ("rate steps",),
    ),
    Requirement(
        "IEC 60601-2-27:2011, 201.7.9.2.9.101 b) 6)",
        "time to alarm for two ventricular tachycardias at half, whole and double amplitude",
        "no: there is no alarm; the figures' waveforms were not at hand",
        _MANUALS,
        ("broad tachycardia, onset and end", "broad, steady"),
    ),
    Requirement(
        "IEC 60601-2-27, accuracy of the heart rate (clause " + _NOT + ")",
        "an error of at most 10 % or 5/min, whichever is greater, over the stated range",
        "as measured, mean rate within 2 %, 20 to 250/min narrow, 20 to 240/min broad",
        "published software that scores by it; the range asked for is " + _NOT,
        ("narrow, steady", "broad, steady"),
    ),
    Requirement(
        "IEC 60601-2-27, cardiac standstill (clause and limits " + _NOT + ")",
        "standstill is alarmed",
        "no alarm; the condition 'pause' 3 s after the last beat, as measured",
        _NOT,
        ("asystole and pauses",),
    ),
    Requirement(
        "IEC 60601-2-27 and -2-47, mains hum, drift, large offset (clauses and limits " + _NOT + ")",
        "function with ±300 mV of electrode offset, with hum and with drift",
        "as measured; of the analogue parts nothing",
        _NOT,
        ("electrode offset and drift", "hum"),
    ),
    Requirement(
        "IEC 60601-2-47:2001 (AAMI EC38:2007), pacemaker pulses",
        "pulses of 2 to 200 mV and 0.1 to 2 ms leave a visible mark, where that is claimed",
        "no: it is a requirement on recorders; found spikes are flagged 'paced'",
        _EC38,
        ("pacing",),
    ),
    Requirement(
        "IEC 60601-2-47:2012, 201.12.4 (recorder) and 201.12.1.101 (algorithms on databases)",
        "the recorder's tests; the algorithms' figures on the databases",
        "recorder: no. Algorithms: docs/score.md, on the databases named there only",
        "the manual of a maker of test equipment",
        instead="`make score`, not this grid",
    ),
    Requirement(
        "ANSI/AAMI EC57:2012",
        "how beat detection and classification are to be tested and reported; a recommended practice",
        "beat-by-beat reports as in docs/score.md; shutdown reports too; no episodes of fibrillation",
        "its public title page and abstract, and WFDB's programs that carry it out",
        instead="`make score`; here only EC57's match window of 150 ms is used",
    ),
    Requirement(
        "ventricular flutter and fibrillation (both standards; clauses " + _NOT + ")",
        "detection or disclosure that there is none",
        "as measured, on synthetic waves; no alarm",
        _NOT,
        ("ventricular flutter", "ventricular fibrillation"),
    ),
)
