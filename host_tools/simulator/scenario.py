"""What a bench tester can be set to: a heart, a pacemaker, electrodes and a front end, all in field names."""

from __future__ import annotations

from dataclasses import dataclass, field

#: Rhythms an episode may have.
EPISODES = (
    "sinus",
    "svt",
    "vt",
    "ventricular_flutter",
    "ventricular_fibrillation",
    "atrial_fibrillation",
    "atrial_flutter",
    "asystole",
    "wenckebach",
    "mobitz",
    "complete_block",
    "paced",
    "pvcs",
    "pacs",
    "bigeminy",
)

#: Rhythms whose waves are no beats.
WAVES = ("ventricular_flutter", "ventricular_fibrillation")


@dataclass(frozen=True)
class Episode:
    """A rhythm that lasts until ``until_s``.

    Attributes
    ----------
    rhythm : str
        One of :data:`EPISODES`.
    until_s : float
        Its end, s from the record's start.
    rate_bpm : float
        Ventricular rate; of blocks and atrial flutter the atria's; of ``paced`` the pacemaker's; of
        ventricular flutter and fibrillation the waves'.
    ratio : int
        ``wenckebach``, ``mobitz``: P waves for one that is not conducted; ``atrial_flutter``: waves for a
        beat; ``pvcs``, ``pacs``: sinus beats for one premature beat.
    escape_bpm : float
        ``complete_block`` and pacing without capture: rate of the escape rhythm, 0 for none: of a block that
        is ventricular standstill.
    capture : bool
        ``paced``: whether spikes are followed by beats.
    mode : str
        ``paced``: ``A``, ``V`` or ``D`` (both chambers).
    """

    rhythm: str
    until_s: float
    rate_bpm: float = 70.0
    ratio: int = 4
    escape_bpm: float = 0.0
    capture: bool = True
    mode: str = "V"


@dataclass(frozen=True)
class Heart:
    """How beats look.

    Attributes
    ----------
    r_mv, qrs_ms, shape
        Largest deflection (with its sign), duration and morphology of conducted beats.
    broad_mv, broad_ms, broad_shape
        The same of ventricular and paced beats.
    p_mv, pr_ms
        Height of the P wave; from its onset to the QRS complex's.
    t_mv, u_mv
        Heights of T and U wave of conducted beats, with the sign they have on an upright QRS complex.
    f_mv, f_hz
        Fibrillatory waves of the atria; the height also of flutter waves.
    flutter_mv
        Height of flutter and fibrillation waves of the ventricles.
    alternans
        By what share every second conducted beat is lower than the others.
    rr_variation
        Standard deviation of the RR intervals of sinus rhythm as a share of the mean.
    """

    r_mv: float = 1.0
    qrs_ms: float = 90.0
    shape: str = "qRs"
    broad_mv: float = 1.4
    broad_ms: float = 140.0
    broad_shape: str = "ventricular A"
    p_mv: float = 0.12
    pr_ms: float = 160.0
    t_mv: float = 0.25
    u_mv: float = 0.02
    f_mv: float = 0.06
    f_hz: float = 6.0
    flutter_mv: float = 0.8
    alternans: float = 0.0
    rr_variation: float = 0.03


@dataclass(frozen=True)
class Spikes:
    """Pacing spikes at the electrodes: height, width, and an overshoot that decays with ``tail_ms``."""

    mv: float = 5.0
    ms: float = 0.5
    tail_mv: float = 0.0
    tail_ms: float = 8.0


@dataclass(frozen=True)
class FrontEnd:
    """Electrodes, amplifier and converter.

    Attributes
    ----------
    fs_hz : float
        Sampling rate.
    bandwidth_hz : float
        -3 dB point of the low-pass before the converter (second order); it shapes pacing spikes.
    noise_mv : float
        Standard deviation of amplifier and muscle noise.
    wander_mv : float
        Baseline wander (breathing and drift of the electrodes).
    hum_mv, hum_hz : float
        Amplitude and frequency of the mains.
    offset_mv, drift_mv : float
        Electrode offset, and by how much it drifts over the record.
    rail_mv : float
        The converter's ends, +- this around its middle.
    adu_per_mv : int
        What the samples are in.
    """

    fs_hz: float = 360.0
    bandwidth_hz: float = 150.0
    noise_mv: float = 0.012
    wander_mv: float = 0.06
    hum_mv: float = 0.0
    hum_hz: float = 50.0
    offset_mv: float = 0.0
    drift_mv: float = 0.0
    rail_mv: float = 163.0
    adu_per_mv: int = 200


@dataclass(frozen=True)
class Fault:
    """Something that happens to the signal.

    ``kind`` is one of

    - ``rail``: the input is pulled to the rail from ``start_s`` to ``stop_s``, and decays after it;
    - ``lead_off``: no sample there; ``flat``: a constant one;
    - ``glitches``: a single sample of ``size`` mV every ``every_s``;
    - ``pops``: an electrode's potential jumps by ``size`` mV every ``every_s``, and decays;
    - ``steps``: the baseline jumps by ``size`` mV every ``every_s``, up and down in turn, and stays there;
    - ``stuck``: the converter gives the same value for ``size`` ms every ``every_s``;
    - ``motion``: movement of the electrodes, ``size`` mV;
    - ``muscle``: muscle noise, ``size`` mV (standard deviation);
    - ``polarity``: the signal is turned over from ``start_s`` on;
    - ``gain``: the signal is multiplied by ``size`` from ``start_s`` on;
    - ``jitter``: sampling times stray by ``size`` of the sampling interval (standard deviation);
    - ``missing``: a share ``size`` of the samples is marked as missing;
    - ``dropped``: a share ``size`` of the samples is gone without a trace.
    """

    kind: str
    start_s: float = 0.0
    stop_s: float = 1e9
    size: float = 1.0
    every_s: float = 1.0


#: Kinds of :class:`Fault`.
FAULTS = (
    "rail",
    "lead_off",
    "flat",
    "glitches",
    "pops",
    "steps",
    "stuck",
    "motion",
    "muscle",
    "polarity",
    "gain",
    "jitter",
    "missing",
    "dropped",
)


@dataclass(frozen=True)
class Scenario:
    """Everything that a record is made from, but its seed."""

    episodes: tuple[Episode, ...]
    heart: Heart = field(default_factory=Heart)
    spikes: Spikes = field(default_factory=Spikes)
    front_end: FrontEnd = field(default_factory=FrontEnd)
    faults: tuple[Fault, ...] = ()

    @property
    def duration_s(self) -> float:
        """Length of the record, s."""
        return self.episodes[-1].until_s
