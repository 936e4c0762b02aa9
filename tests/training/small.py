"""A configuration whose networks train in no time."""

from __future__ import annotations

from training.config import TrainingConfig, changed, load_config


def small_config() -> TrainingConfig:
    changes = {
        "optimiser": {"steps": 3, "crops": 4, "crop_beats": 40},
        "distillation": {"teachers": 2, "steps": 3},
        "cross_validation": {"folds": 2, "seeds": 2},
    }
    return changed(load_config(), changes, "test")
