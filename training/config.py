"""Hyper-parameters: ``config.toml`` as frozen dataclasses, with a hash. Needs no torch."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_type_hints

from host_tools import values
from host_tools.errors import UserError
from host_tools.reference.params import CONTEXT_BEATS, FEATURE_NAMES, LOOKAHEAD_BEATS

CONFIG_PATH = Path(__file__).with_name("config.toml")

#: Where R peaks come from: the annotations, the chain's own detector, or one set of each.
PEAK_SOURCES = ("annotated", "detected", "both")

#: Stands among the features left out for the second channel of the beat input: the beat less its template.
DIFFERENCE = "difference"

#: When weights are rounded to 8 bits: never, after the training, or in every step of it, too.
INT8_WEIGHTS = ("no", "after", "training")

#: Values newer than the committed checkpoints, which do not carry them: not in the hash at their defaults.
_NEWER = (("optimiser", "int8_weights"),)

#: Whose other leads are trained on, too.
OTHER_LEADS = ("none", "svdb", "all")


@dataclass(frozen=True)
class ModelConfig:
    """Architecture of the network; see ``config.toml`` for the meaning of each value.

    ``context_beats`` and ``lookahead_beats`` are those of the chain unless an experiment says otherwise.
    """

    beat_channels: tuple[int, ...]
    beat_kernels: tuple[int, ...]
    beat_strides: tuple[int, ...]
    beat_units: int
    beat_pool: int
    own_units: int
    row_units: int
    context_channels: tuple[int, ...]
    context_kernels: tuple[int, ...]
    context_strides: tuple[int, ...]
    hidden_units: int
    beat_dropout: float
    dropout: float
    context_beats: int = CONTEXT_BEATS
    lookahead_beats: int = LOOKAHEAD_BEATS
    recurrent_units: int = 0


@dataclass(frozen=True)
class OptimiserConfig:
    """AdamW, its schedule, batches, the weights of beats in the loss; rounding, one of ``INT8_WEIGHTS``."""

    learning_rate: float
    weight_decay: float
    steps: int
    crops: int
    crop_beats: int
    rare_crop_share: float
    svdb_weight: float
    other_lead_weight: float
    class_weight_power: float
    fusion_weight: float
    false_beat_weight: float
    label_smoothing: float
    int8_weights: str = "no"


@dataclass(frozen=True)
class DistillationConfig:
    """From several networks to one, which is trained for ``steps``."""

    teachers: int
    steps: int
    hard_weight: float


@dataclass(frozen=True)
class CrossValidationConfig:
    """Patient-wise folds inside the training records."""

    folds: int
    fold_seed: int
    seeds: int


@dataclass(frozen=True)
class DataConfig:
    """Source of the R peaks, leads, features left out (``DIFFERENCE``: that input)."""

    peaks: str
    other_leads: str
    without_features: tuple[str, ...] = ()


@dataclass(frozen=True)
class MadeUpConfig:
    """Share of the crops that come from each kind of made-up record, and the weight of their beats."""

    weight: float
    pauses: float
    runs: float
    patterns: float
    mixed: float
    fibrillation: float
    paroxysms: float
    junctional: float
    blocked: float
    breathing: float
    block: float
    drift: float
    noise: float

    def shares(self) -> dict[str, float]:
        """Return the modes that are in use, with their shares."""
        every = {f.name: float(getattr(self, f.name)) for f in dataclasses.fields(self) if f.name != "weight"}
        return {mode: share for mode, share in every.items() if share > 0}


@dataclass(frozen=True)
class AugmentConfig:
    """Ranges of the augmentation; lengths in grid samples, amplitudes in template deviations."""

    gain_log2_sd: float
    shift_max_samples: int
    scale_max: float
    jitter_max_samples: int
    wander_max: float
    noise_max: float
    noise_share: float
    invert_share: float
    row_sd: float
    row_offset_sd: float
    row_drop_share: float


@dataclass(frozen=True)
class TrainingConfig:
    """All hyper-parameters of one training."""

    model: ModelConfig
    teacher: ModelConfig
    optimiser: OptimiserConfig
    distillation: DistillationConfig
    cross_validation: CrossValidationConfig
    data: DataConfig
    made_up: MadeUpConfig
    augment: AugmentConfig

    def for_teachers(self) -> TrainingConfig:
        """Return the same with the teachers' architecture as the network's own and no distillation."""
        none = dataclasses.replace(self.distillation, teachers=0, steps=0, hard_weight=1.0)
        return dataclasses.replace(self, model=self.teacher, distillation=none)

    def for_student(self) -> TrainingConfig:
        """Return the same with the student's number of steps as the optimiser's."""
        steps = self.distillation.steps
        return dataclasses.replace(self, optimiser=dataclasses.replace(self.optimiser, steps=steps))

    def digest(self) -> str:
        """SHA-256 over all values, hexadecimal; comments and order do not matter."""
        values = dataclasses.asdict(self)
        for section, name in _NEWER:
            if values[section][name] == getattr(_SECTIONS[section], name):
                del values[section][name]
        text = json.dumps(values, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


#: Convolutions in a stream, at most; weights of a network: sizes are checked before memory is taken for them.
LAYERS_MAX, WEIGHTS_MAX = 16, 2_000_000
_SHARE = (0.0, 1.0)
_WIDTH, _KERNEL, _COUNT = (1, 1024), (1, 256), (1, 1_000_000)
#: Lowest and highest value; what is not here is a share from 0 to 1.
_RANGES: dict[str, tuple[float, float]] = {
    "beat_channels": _WIDTH,
    "beat_kernels": _KERNEL,
    "beat_strides": _KERNEL,
    "beat_units": _WIDTH,
    "beat_pool": (1, 96),
    "own_units": _WIDTH,
    "row_units": _WIDTH,
    "context_channels": _WIDTH,
    "context_kernels": _KERNEL,
    "context_strides": _KERNEL,
    "hidden_units": _WIDTH,
    "context_beats": (1, 256),
    "lookahead_beats": (0, 255),
    "recurrent_units": (0, 1024),
    "beat_dropout": (0, 0.99),
    "dropout": (0, 0.99),
    "learning_rate": (1e-9, 1),
    "weight_decay": (0, 100),
    "steps": (0, 10_000_000),
    "crops": (1, 4096),
    "crop_beats": (1, 4096),
    "svdb_weight": (0, 1000),
    "other_lead_weight": (0, 1000),
    "class_weight_power": (-4, 4),
    "fusion_weight": (0, 1000),
    "false_beat_weight": (0, 1000),
    "teachers": (0, 1000),
    "folds": (0, 100),
    "fold_seed": (0, 2**31),
    "seeds": (1, 1000),
    "weight": (0, 1000),
    "gain_log2_sd": (0, 8),
    "shift_max_samples": (0, 48),
    "jitter_max_samples": (0, 48),
    "wander_max": (0, 1000),
    "noise_max": (0, 1000),
    "row_sd": (0, 1000),
    "row_offset_sd": (0, 1000),
}

_SECTIONS: dict[str, Any] = {
    "model": ModelConfig,
    "teacher": ModelConfig,
    "optimiser": OptimiserConfig,
    "distillation": DistillationConfig,
    "cross_validation": CrossValidationConfig,
    "data": DataConfig,
    "made_up": MadeUpConfig,
    "augment": AugmentConfig,
}


def load_config(path: Path = CONFIG_PATH) -> TrainingConfig:
    """Read the hyper-parameters.

    Parameters
    ----------
    path : Path
        A TOML file with the sections of ``config.toml``.

    Returns
    -------
    TrainingConfig
        The values.

    Raises
    ------
    UserError
        If the file is missing, not TOML, or a value is missing, unknown or out of range.
    """
    config = config_from_dict(read_toml(path, "hyper-parameters of training"), str(path))
    _check(config, str(path))
    return config


def read_toml(path: Path, what: str) -> dict[str, Any]:
    """Read a TOML file; raises UserError when it is missing or damaged."""
    return values.read_toml(path, what)[1]


def config_from_dict(raw: dict[str, Any], where: str) -> TrainingConfig:
    """Build the configuration from nested dictionaries; ``where`` names the source in errors."""
    for key in sorted(raw.keys() - _SECTIONS.keys()):
        raise UserError(f"{where}: section [{key}] is unknown")
    return TrainingConfig(**{name: _section(kind, raw, name, where) for name, kind in _SECTIONS.items()})


def changed(config: TrainingConfig, changes: dict[str, dict[str, Any]], where: str) -> TrainingConfig:
    """Replace values section by section, as a variant of an ablation says; unknown names are refused."""
    raw = dataclasses.asdict(config)
    for section, new in changes.items():
        if section not in raw:
            raise UserError(f"{where}: section [{section}] is unknown")
        if not isinstance(new, dict):
            raise UserError(f"{where}: [{section}] must be a table, not {values.shown(new)}")
        raw[section] = raw[section] | new
    result = config_from_dict(raw, where)
    _check(result, where)
    return result


def model_config_from_dict(raw: dict[str, Any], where: str) -> ModelConfig:
    """Build the architecture alone, as a checkpoint's JSON stores it."""
    config: ModelConfig = _section(ModelConfig, {"model": raw}, "model", where)
    _check_model(config, f"{where}: [model]")
    return config


def _section(kind: Any, raw: dict[str, Any], name: str, where: str) -> Any:
    given = raw.get(name)
    if not isinstance(given, dict):
        raise UserError(f"{where}: section [{name}] is missing")
    known = {field.name for field in dataclasses.fields(kind)}
    needed = {f.name for f in dataclasses.fields(kind) if f.default is dataclasses.MISSING}
    for key in sorted((needed - set(given)) | (set(given) - known)):
        raise UserError(f"{where}: [{name}] {key} is {'missing' if key in known else 'unknown'}")
    types = get_type_hints(kind)
    for key, value in given.items():
        if fault := _fault(key, types[key], value):
            raise UserError(f"{where}: [{name}] {key} {fault}")
    return kind(**{k: tuple(v) if isinstance(v, list) else v for k, v in given.items()})


def _fault(name: str, kind: Any, value: Any) -> str:
    """Say what is wrong with a value of a section; empty if nothing is."""
    if kind is str:
        return "" if isinstance(value, str) else f"must be a text, not {values.shown(value)}"
    if kind == tuple[str, ...]:
        return values.texts_fault(value)
    if kind == tuple[int, ...]:
        if not isinstance(value, list | tuple) or len(value) > LAYERS_MAX:
            return f"must be a list of at most {LAYERS_MAX} whole numbers, not {values.shown(value)}"
        faults = (values.number_fault(one, *_RANGES[name], whole=True) for one in value)
        return next((f"each {fault}" for fault in faults if fault), "")
    return values.number_fault(value, *_RANGES.get(name, _SHARE), whole=kind is int)


def _check(config: TrainingConfig, where: str) -> None:
    for name, model in (("model", config.model), ("teacher", config.teacher)):
        _check_model(model, f"{where}: [{name}]")
    if config.data.peaks not in PEAK_SOURCES:
        raise UserError(f"{where}: [data] peaks must be one of {', '.join(PEAK_SOURCES)}")
    if config.data.other_leads not in OTHER_LEADS:
        raise UserError(f"{where}: [data] other_leads must be one of {', '.join(OTHER_LEADS)}")
    for name in config.data.without_features:
        if name not in (*FEATURE_NAMES, DIFFERENCE):
            raise UserError(f"{where}: [data] without_features: {values.shown(name)} is no feature")
    if config.optimiser.int8_weights not in INT8_WEIGHTS:
        raise UserError(f"{where}: [optimiser] int8_weights must be one of {', '.join(INT8_WEIGHTS)}")
    if config.optimiser.int8_weights != "no" and config.model.recurrent_units:
        raise UserError(f"{where}: [optimiser] int8_weights is not for a recurrent network")
    shares = config.made_up.shares()
    if sum(shares.values()) > 1 or any(share < 0 for share in dataclasses.astuple(config.made_up)):
        raise UserError(f"{where}: [made_up] shares must be at least 0 and at most 1 in all")
    if config.cross_validation.folds < 2:
        raise UserError(f"{where}: [cross_validation] folds must be at least 2")


def _check_model(model: ModelConfig, where: str) -> None:
    if len({len(model.beat_channels), len(model.beat_kernels), len(model.beat_strides)}) != 1 or any(
        k % 2 == 0 for k in model.beat_kernels
    ):
        raise UserError(f"{where} needs one odd kernel and one stride for each beat convolution")
    context_widths(model, where)
    if (weights := _weights(model)) > WEIGHTS_MAX:
        raise UserError(f"{where} is a network of {weights:,} weights, at most {WEIGHTS_MAX:,}")


def _weights(model: ModelConfig) -> int:
    """Weights of the layers, about: sized before any memory is taken."""
    widths = context_widths(model)
    channels = (2, *model.beat_channels)
    beat = zip(channels, model.beat_channels, model.beat_kernels, strict=False)
    count = sum(a * b * kernel for a, b, kernel in beat)
    count += channels[-1] * model.beat_units * _length_left(model)
    rows = len(FEATURE_NAMES)
    count += rows * model.own_units * (model.lookahead_beats + 1) + rows * model.row_units
    kernels = (*model.context_kernels, widths[-1])
    inputs = (model.row_units, *model.context_channels)
    context = zip(inputs, model.context_channels, kernels, strict=False)
    count += sum(a * b * kernel for a, b, kernel in context)
    joined = model.beat_units + model.own_units + model.context_channels[-1] + 2 * model.recurrent_units
    return count + (joined + 4) * model.hidden_units + 4 * model.recurrent_units * (joined + rows)


def _length_left(model: ModelConfig) -> int:
    length = 96 // model.beat_pool
    for stride in model.beat_strides:
        length = -(-length // stride)
    return length


def context_widths(model: ModelConfig, where: str = "model") -> tuple[int, ...]:
    """Rows that enter each context convolution; the last one's kernel spans all that it sees.

    Raises
    ------
    UserError
        If kernels and strides do not use every row.
    """
    if not (
        len(model.context_channels) == len(model.context_kernels) + 1 == len(model.context_strides) + 1
    ) or not (0 <= model.lookahead_beats < model.context_beats):
        raise UserError(f"{where} needs a kernel and a stride for each context convolution but one")
    widths = [model.context_beats]
    for kernel, stride in zip(model.context_kernels, model.context_strides, strict=True):
        rest = widths[-1] - kernel
        if rest < 0 or rest % stride:
            raise UserError(
                f"{where} context convolution of kernel {kernel} and stride {stride} "
                f"leaves some of {widths[-1]} rows out"
            )
        widths.append(rest // stride + 1)
    return tuple(widths)
