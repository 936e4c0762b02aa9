"""The demo's record: four minutes in which everything happens once, made by the simulator."""

from __future__ import annotations

from host_tools.simulator import Simulation, Span, Step, simulate

EXAMPLE_SEED = 2024
EXAMPLE_DURATION_S = 240.0

#: What the heart does.
EXAMPLE_SCRIPT = (
    Step("sinus", until_s=26),
    Step("pvc"),
    Step("sinus", until_s=34),
    Step("pvc"),
    Step("sinus", until_s=42),
    Step("pac"),
    Step("sinus", until_s=49),
    Step("pac"),
    Step("sinus", until_s=55),
    Step("pac"),
    Step("sinus", until_s=63),
    Step("bigeminy", count=9),
    Step("sinus", until_s=90),
    Step("couplet"),
    Step("sinus", until_s=100),
    Step("run", count=6),
    Step("sinus", until_s=114),
    Step("fusion"),
    Step("sinus", until_s=122),
    Step("fibrillation", until_s=152, rate_bpm=92),
    Step("sinus", until_s=164),
    Step("pvc", focus="B"),
    Step("sinus", until_s=203),
    Step("pvc"),
    Step("sinus", until_s=232),
    Step("pvc"),
)

#: What happens to its signal.
EXAMPLE_DISTURBANCES = (
    Span("lead_off", 174.0, 181.0),
    Span("noise", 208.0, 216.0),
    Span("saturation", 223.0, 225.0),
)


def example_record(fs_hz: float = 360.0, seed: int = EXAMPLE_SEED) -> Simulation:
    """Make the embedded example; 240 s, about 290 beats."""
    return simulate(EXAMPLE_SCRIPT, EXAMPLE_DURATION_S, seed, fs_hz, EXAMPLE_DISTURBANCES)
