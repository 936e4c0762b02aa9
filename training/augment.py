"""Augmentation of network inputs, in real units.

Channel 0 is the beat, channel 1 the beat minus the patient's template, so template = channel 0
minus channel 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from training.config import AugmentConfig
from training.model import BEAT_SHAPE, INPUT_STEPS

#: Grid of the network's beat input, Hz, and the grid sample at which the R peak lies.
GRID_HZ = 120
R_GRID_SAMPLE = 36


@dataclass(frozen=True)
class NoiseBank:
    """Noise on the network's grid: float32 [tracks, samples], each track with deviation 1."""

    tracks: torch.Tensor


def load_noise(nstdb_dir: Path) -> NoiseBank:
    """Training's part of nstdb's noise records, band-passed like the chain's input, at ``GRID_HZ``.

    Raises
    ------
    UserError
        If a noise record is missing.
    """
    import wfdb
    from scipy import signal

    from host_tools.errors import UserError
    from host_tools.noise import NOISE_RECORDS, noise_stretch

    tracks = []
    for name in NOISE_RECORDS:
        try:
            record = wfdb.rdrecord(str(nstdb_dir / name), physical=False)
        except FileNotFoundError:
            raise UserError(f"{nstdb_dir / name}: noise record not found; `make data` brings it") from None
        part = noise_stretch(record.sig_len, "training")
        band = signal.butter(2, [0.5, 50], "band", fs=record.fs, output="sos")
        for channel in range(record.n_sig):
            x = record.d_signal[part, channel].astype(np.float64)
            x = signal.sosfilt(band, x - x[0])
            x = signal.resample_poly(x, GRID_HZ, int(record.fs))[GRID_HZ:]
            tracks.append((x / x.std()).astype(np.float32))
    return NoiseBank(torch.from_numpy(np.stack(tracks)))


def no_noise() -> NoiseBank:
    """Make a bank of silence, for training without nstdb."""
    return NoiseBank(torch.zeros(1, 4 * BEAT_SHAPE[2]))


def to_real(beat: NDArray[np.int8], rhythm: NDArray[np.int8]) -> tuple[torch.Tensor, torch.Tensor]:
    """Turn int8 inputs, [n, 96, 2] and [n, K, F], into torch's float32 [n, 2, 1, 96] and [n, F, 1, K]."""
    x = torch.from_numpy(np.ascontiguousarray(beat.transpose(0, 2, 1))).float()[:, :, None] / INPUT_STEPS
    r = torch.from_numpy(np.ascontiguousarray(rhythm.transpose(0, 2, 1))).float()[:, :, None] / INPUT_STEPS
    return x, r


class Augmenter:
    """Draws random changes from its own generator, so that a seed fixes them all.

    Parameters
    ----------
    config : AugmentConfig
        Ranges.
    noise : NoiseBank
        Noise tracks.
    generator : torch.Generator
        On the CPU.
    """

    def __init__(self, config: AugmentConfig, noise: NoiseBank, generator: torch.Generator) -> None:
        self.config = config
        self.noise = noise
        self.generator = generator

    def _uniform(self, n: int, low: float, high: float) -> torch.Tensor:
        return low + (high - low) * torch.rand(n, generator=self.generator)

    def _normal(self, *shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=self.generator)

    def rows(self, rows: torch.Tensor) -> torch.Tensor:
        """Change the features of crops, float32 [B, L, F], scaled: noise, offsets, some left out (0)."""
        c = self.config
        crops, _, features = rows.shape
        noisy = rows + c.row_sd * self._normal(*rows.shape)
        noisy = noisy + c.row_offset_sd * self._normal(crops, 1, features)
        return noisy * (torch.rand(crops, 1, features, generator=self.generator) >= c.row_drop_share)

    def beats(self, beat: torch.Tensor) -> torch.Tensor:
        """Change the beats of crops, float32 [B, L, 2, 96].

        Gain, shift, time scaling and inversion are those of a whole crop, beats and template alike;
        noise, wander and jitter are each beat's own and leave the template as it is.
        """
        crops, length = beat.shape[:2]
        n = crops * length
        c = self.config
        own = beat[:, :, 0].reshape(n, -1)
        template = own - beat[:, :, 1].reshape(n, -1)
        shift = self._whole(crops, c.shift_max_samples).repeat_interleave(length)
        scale = self._uniform(crops, 1 - c.scale_max, 1 + c.scale_max).repeat_interleave(length)
        own = warp(own, shift + self._whole(n, c.jitter_max_samples), scale)
        template = warp(template, shift, scale)
        own = own + self._wander(n) + self._noise(n)
        own = own - own.mean(1, keepdim=True)  # the chain takes the mean out of each window
        difference = own - template
        difference = difference - difference.mean(1, keepdim=True)
        factor = torch.exp2(c.gain_log2_sd * self._normal(crops))
        factor = factor * torch.where(self._uniform(crops, 0, 1) < c.invert_share, -1.0, 1.0)
        both = torch.stack([own, difference], 1) * factor.repeat_interleave(length)[:, None, None]
        return both.view(crops, length, 2, -1)

    def _whole(self, n: int, limit: int) -> torch.Tensor:
        return torch.randint(-limit, limit + 1, (n,), generator=self.generator).float()

    def _wander(self, n: int) -> torch.Tensor:
        """Up to ``wander_max`` of a slow sine: at most 1.2 periods within the window, 0 to 1.5 Hz."""
        time = torch.arange(BEAT_SHAPE[2]) / BEAT_SHAPE[2]
        periods = self._uniform(n, 0, 1.2)[:, None]
        phase = self._uniform(n, 0, 1)[:, None]
        amplitude = self._uniform(n, 0, self.config.wander_max)[:, None]
        return amplitude * torch.sin(2 * torch.pi * (periods * time + phase))

    def _noise(self, n: int) -> torch.Tensor:
        tracks = self.noise.tracks
        track = torch.randint(0, len(tracks), (n,), generator=self.generator)
        start = torch.randint(0, tracks.shape[1] - BEAT_SHAPE[2] + 1, (n,), generator=self.generator)
        amplitude = self._uniform(n, 0, self.config.noise_max)
        amplitude = amplitude * (self._uniform(n, 0, 1) < self.config.noise_share)
        out = torch.zeros(n, BEAT_SHAPE[2])
        some = amplitude.nonzero()[:, 0]
        piece = tracks[track[some][:, None], start[some][:, None] + torch.arange(BEAT_SHAPE[2])]
        out[some] = amplitude[some][:, None] * piece
        return out


def warp(x: torch.Tensor, shift: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
    """Shift in time and stretch about the R peak, by linear interpolation; ends are held.

    Parameters
    ----------
    x : Tensor
        float32 [B, 96].
    shift : Tensor
        float32 [B], grid samples; positive moves the beat later.
    scale : Tensor
        float32 [B]; above 1 makes the beat longer.
    """
    last = x.shape[1] - 1
    grid = torch.arange(x.shape[1], dtype=torch.float32)
    source = (grid[None] - R_GRID_SAMPLE - shift[:, None]) / scale[:, None] + R_GRID_SAMPLE
    source = source.clamp(0, last)
    low = source.floor().long().clamp(max=last - 1)
    part = source - low
    return x.gather(1, low) * (1 - part) + x.gather(1, low + 1) * part
