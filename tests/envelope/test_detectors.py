"""Oracle: detectors made of the truth itself, and of what is wrong with it."""

from __future__ import annotations

import numpy as np
import pytest

from host_tools.envelope import detectors
from host_tools.envelope.grid import cells, scenario
from host_tools.errors import UserError
from host_tools.simulator import simulate_scenario


def compared(monkeypatch: pytest.MonkeyPatch, kind: str) -> dict[str, bool]:
    cell = next(c for c in cells() if c.kind == kind and c.inside)
    truth = simulate_scenario(scenario(cell), cell.seed).r_samples

    def fails(signal_mv, fs_hz):
        raise IndexError("no peaks")

    monkeypatch.setattr(
        detectors,
        "DETECTORS",
        {
            "truth": lambda signal_mv, fs_hz: truth,
            "late": lambda signal_mv, fs_hz: truth + round(0.1 * fs_hz),
            "half": lambda signal_mv, fs_hz: truth[::2],
            "twice": lambda signal_mv, fs_hz: np.sort(np.concatenate([truth, truth + round(0.3 * fs_hz)])),
            "gives up": fails,
        },
    )
    return detectors.compare_cell(cell)


@pytest.mark.parametrize("kind", ["second-degree AV block", "lead off", "rails", "lost samples"])
def test_detectors_are_judged_by_beats_and_rate_alone(monkeypatch, kind):
    right = compared(monkeypatch, kind)
    assert right.pop(detectors.OURS) is True
    assert right == {"truth": True, "late": True, "half": False, "twice": False, "gives up": False}


def test_gaps_are_bridged_for_them(monkeypatch):
    cell = next(c for c in cells() if c.kind == "lead off" and c.parameters["how"] == "lead_off")
    signal_mv = detectors._signal_mv(simulate_scenario(scenario(cell), cell.seed))
    assert np.isfinite(signal_mv).all()
    assert np.abs(signal_mv).max() < 20


def test_a_missing_package_is_one_line_that_says_how_to_get_it(monkeypatch):
    from importlib import metadata

    def missing(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", missing)
    with pytest.raises(UserError, match=r"neurokit2 is not installed.*\[compare\]"):
        detectors.versions()
