"""Hyper-parameters: ``config.toml`` as frozen dataclasses, with a hash. Needs no torch."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from host_tools.errors import UserError

CONFIG_PATH = Path(__file__).with_name("config.toml")

#: Where R peaks come from: the annotations, the chain's own detector, or one set of each.
PEAK_SOURCES = ("annotated", "detected", "both")


@dataclass(frozen=True)
class ModelConfig:
    """Architecture of the hybrid network; see ``config.toml`` for the meaning of each value."""

    conv_channels: tuple[int, ...]
    conv_kernels: tuple[int, ...]
    rhythm_units: tuple[int, ...]
    dropout: float


@dataclass(frozen=True)
class LossConfig:
    """Focal loss."""

    focal_gamma: float
    class_weight_power: float


@dataclass(frozen=True)
class OptimiserConfig:
    """AdamW, its schedule and early stopping."""

    learning_rate: float
    weight_decay: float
    batch_beats: int
    beats_per_epoch: int
    class_draw_power: float
    epochs_max: int
    patience_epochs: int
    average_epochs: int


@dataclass(frozen=True)
class CrossValidationConfig:
    """Patient-wise folds inside the training records."""

    folds: int
    fold_seed: int


@dataclass(frozen=True)
class DataConfig:
    """Source of the R peaks."""

    peaks: str


@dataclass(frozen=True)
class AugmentConfig:
    """Ranges of the augmentation; lengths in grid samples, amplitudes in template deviations."""

    gain_log2_sd: float
    shift_max_samples: int
    jitter_max_samples: int
    scale_max: float
    wander_max: float
    noise_max: float
    noise_share: float
    invert_share: float
    rhythm_sd: float
    rhythm_drop_share: float


@dataclass(frozen=True)
class TrainingConfig:
    """All hyper-parameters of one training."""

    model: ModelConfig
    loss: LossConfig
    optimiser: OptimiserConfig
    cross_validation: CrossValidationConfig
    data: DataConfig
    augment: AugmentConfig

    def digest(self) -> str:
        """SHA-256 over all values, hexadecimal; comments and order do not matter."""
        text = json.dumps(dataclasses.asdict(self), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


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
    try:
        raw = tomllib.loads(path.read_text())
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; it holds the hyper-parameters of training") from None
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{path}: not valid TOML: {error}") from None
    config = config_from_dict(raw, str(path))
    _check(config, str(path))
    return config


def config_from_dict(raw: dict[str, Any], where: str) -> TrainingConfig:
    """Build the configuration from nested dictionaries; ``where`` names the source in errors."""
    sections = {
        "model": ModelConfig,
        "loss": LossConfig,
        "optimiser": OptimiserConfig,
        "cross_validation": CrossValidationConfig,
        "data": DataConfig,
        "augment": AugmentConfig,
    }
    return TrainingConfig(**{name: _section(kind, raw, name, where) for name, kind in sections.items()})


def model_config_from_dict(raw: dict[str, Any], where: str) -> ModelConfig:
    """Build the architecture alone, as a checkpoint's JSON stores it."""
    return _section(ModelConfig, {"model": raw}, "model", where)


def _section(kind: Any, raw: dict[str, Any], name: str, where: str) -> Any:
    values = raw.get(name)
    if not isinstance(values, dict):
        raise UserError(f"{where}: section [{name}] is missing")
    known = {field.name for field in dataclasses.fields(kind)}
    for key in sorted(known ^ set(values)):
        raise UserError(f"{where}: [{name}] {key} is {'missing' if key in known else 'unknown'}")
    return kind(**{k: tuple(v) if isinstance(v, list) else v for k, v in values.items()})


def _check(config: TrainingConfig, where: str) -> None:
    model = config.model
    if len(model.conv_channels) != len(model.conv_kernels) or any(k % 2 == 0 for k in model.conv_kernels):
        raise UserError(f"{where}: [model] needs one odd kernel length for each convolution")
    if config.data.peaks not in PEAK_SOURCES:
        raise UserError(f"{where}: [data] peaks must be one of {', '.join(PEAK_SOURCES)}")
    if config.cross_validation.folds < 2:
        raise UserError(f"{where}: [cross_validation] folds must be at least 2")
