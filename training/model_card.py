"""Writes ``MODEL_CARD.md`` from committed files alone: checkpoint, reports, DS2 log. Needs no torch."""

# ruff: noqa: E501 - lines of the card are wrapped for its reader
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from host_tools.errors import UserError
from host_tools.reference.params import FEATURE_NAMES
from host_tools.writing import renaming
from training.checkpoint_info import EVERYTHING, read_info
from training.data import REPO_ROOT, file_sha256
from training.evaluate import DS2_LOG_PATH, REPORT_DIR, TFLITE_PATH, read_metrics
from training.splits import DATABASE_NAMES, DS1, DS2, PACED, PROTOCOLS, SHIPPED

CARD_PATH = REPO_ROOT / "MODEL_CARD.md"
CHECKPOINT_INFO_PATH = Path(__file__).with_name("checkpoints") / "bitbeat.json"
EXPORT_REPORT_PATH = REPORT_DIR / "export.json"


def report_dir(protocol: str) -> Path:
    """Folder of a protocol's committed report."""
    return REPORT_DIR if protocol == SHIPPED else REPORT_DIR.parent / "models" / protocol / "report"


def _read(path: Path, command: str) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(path.read_text())
        return content
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: cannot be read ({error}); `{command}` writes it") from None


def last_ds2_entry(model_hash: str, path: Path = DS2_LOG_PATH) -> dict[str, Any] | None:
    """Return the newest line of the DS2 log that scores this model, if there is one."""
    if not path.is_file():
        return None
    entries = [json.loads(line) for line in path.read_text().splitlines() if line.strip()]
    own = [entry for entry in entries if entry["model_hash"] == model_hash]
    return own[-1] if own else None


def card_text() -> str:
    """Compose the model card.

    Returns
    -------
    str
        Markdown.

    Raises
    ------
    UserError
        If the checkpoint's JSON or a report is missing.
    """
    info = read_info(CHECKPOINT_INFO_PATH, EVERYTHING)
    export = _read(EXPORT_REPORT_PATH, "make export")
    parts = [_head(info, export), _data(info)]
    for protocol in PROTOCOLS:
        parts.append(_cross_validation(protocol, read_metrics(report_dir(protocol))))
    parts += [_int8(export), *map(_ds2, sorted(PROTOCOLS, key=lambda name: name != SHIPPED)), _limits()]
    return "\n".join(parts)


def write_card(path: Path = CARD_PATH) -> None:
    """Write the card aside, then rename."""
    text = card_text()
    with renaming(path) as aside:
        aside.write_text(text)


def _layers(channels: list[int], kernels: list[int], strides: list[int]) -> str:
    each = [f"{c} channels of {k} (stride {s})" for c, k, s in zip(channels, kernels, strides, strict=True)]
    return ", ".join(each)


def _head(info: dict[str, Any], export: dict[str, Any]) -> str:
    model = export["model"]
    layers = info["model"]
    beat = _layers(layers["beat_channels"], layers["beat_kernels"], layers["beat_strides"])
    context = _layers(layers["context_channels"][:-1], layers["context_kernels"], layers["context_strides"])
    ahead = layers["lookahead_beats"]
    return f"""# Model card: BitBeat beat classifier

Written by `make train`, `make export` and `make score`; do not edit.

**Not a medical device.** For research, teaching and engineering only; not for diagnosis, monitoring or any
decision about a person's treatment.

## What it is

A small hybrid network that sorts heartbeats of one ECG lead into the AAMI classes N (normal and bundle branch
block), S (supraventricular ectopic), V (ventricular ectopic) and F (fusion of V and N). It runs as int8 in plain C
on a microcontroller, beat by beat, behind BitBeat's own band-pass filter and R-peak detector.

- Beat stream: 800 ms around the R peak on a 120 Hz grid, the beat and the beat minus the patient's dominant template
  (int8 [96][2]); the mean of every {layers["beat_pool"]} samples, convolutions of {beat}; one more, over all that is left, to {layers["beat_units"]} units.
- Rhythm stream: {len(FEATURE_NAMES)} features (int8) of each of {layers["context_beats"]} consecutive beats, {ahead} of them later than the
  classified one: RR intervals against four memories of different length, likeness to the patient's dominant
  template, the beat's own kind of beat, the P region. {layers["own_units"]} units see the beat's own (and those ahead); the same {layers["row_units"]} units for every beat, then convolutions over the
  beats: {context or "none"}; one more, over all that is left, to {layers["context_channels"][-1]} units.
- Concatenation, {layers["hidden_units"]} hidden units, 4 logits.
- {info["parameters"]:,} parameters; {model["macs"]:,} multiply-accumulates per beat; .tflite
  {model["tflite_bytes"]:,} bytes; weights and tables in C {model["c_network_bytes"]:,} bytes; arena
  {model["arena_bytes"]:,} bytes.

| | |
|---|---|
| SHA-256 of `firmware/lib/model/bitbeat.tflite` | `{model["model_sha256"]}` |
| SHA-256 of the checkpoint | `{export["checkpoint"]["sha256"]}` |
| hash of the signal chain's specification | `{info["spec_hash"]}` |
| hash of the hyper-parameters (`training/config.toml`) | `{info["config_hash"]}` |
| commit that trains it (`make train`: the same bytes on the same kind of processor; elsewhere other roundings give another network of the same quality); seed, steps of each teacher | `{info["git_commit"]}`, {info["seed"]}, {info["steps"]} |
{_comparison_rows()}
"""


def _comparison_rows() -> str:
    """Hashes and origin of the networks of the other protocols."""
    rows = []
    for protocol in PROTOCOLS:
        if protocol == SHIPPED:
            continue
        checkpoint = _tflite(protocol).with_suffix(".safetensors")
        info = read_info(checkpoint.with_suffix(".json"), EVERYTHING)
        rows += [
            f"| protocol {protocol}: SHA-256 of `{_tflite(protocol).relative_to(REPO_ROOT)}` | `{file_sha256(_tflite(protocol))}` |",
            f"| protocol {protocol}: SHA-256 of the checkpoint | `{file_sha256(checkpoint)}` |",
            f"| protocol {protocol}: commit that trains it; seed, steps | `{info['git_commit']}`, {info['seed']}, {info['steps']} |",
        ]
    return "\n".join(rows)


def _data(info: dict[str, Any]) -> str:
    sums = "; ".join(f"{name} `{digest[:16]}`" for name, digest in info["databases"].items())
    return f"""## Data and protocol

- MIT-BIH Arrhythmia Database 1.0.0 (Moody & Mark, IEEE Eng. Med. Biol. 20(3):45-50, 2001; PhysioNet: Goldberger
  et al., Circulation 101(23):e215-e220, 2000), lead MLII where present, else the first. Noise for augmentation: the
  first half of the noise records of the MIT-BIH Noise Stress Test Database (Moody, Muldrow & Mark, Computers in
  Cardiology 11:381-384, 1984). Both ODC-By 1.0. Checksums of the databases: {sums}.
- MIT-BIH Supraventricular Arrhythmia Database (Greenwald, PhD thesis, MIT, 1990; PhysioNet; ODC-By 1.0), the
  even-numbered records, both leads, resampled. The odd ones were never touched.
- Inter-patient split of de Chazal et al. (IEEE Trans. Biomed. Eng. 51(7), 2004) and their AAMI mapping
  (N = N L R e j; S = A a J S; V = V E; F; Q is neither trained nor scored).
  DS1: {" ".join(DS1)}. Tested on DS2: {" ".join(DS2)}. Left out, paced: {" ".join(PACED)}.
- Two protocols: `ds1` trains on DS1 alone, as the literature does; `ds1+svdb`, the shipped model, also on svdb.
- Records 201 (DS1) and 202 (DS2) are the same person, as everywhere in the literature that uses this split.
- Inputs come from the integer reference of the device's own signal chain, around its own detected R peaks (of made-up
  rhythms, around the R peaks that they were made with).
- {info["teachers"]} networks of different seeds teach the one that is shipped. Cross-entropy, augmentation, AdamW; made-up
  records: a patient's beats spliced into other rhythms (which rhythms, and how often, was decided after looking at
  errors on DS2), and records with noise. Every other choice of the classifier by 5-fold patient-wise
  cross-validation inside the training records (three choices of the detector were made with DS2 in view, see README).
  Every model that `make score` runs on DS2 leaves a line in `training/ds2_log.jsonl`. What each idea brings: `docs/ablation.md`.
"""


def _class_rows(classes: dict[str, dict[str, float]], keys: tuple[str, ...]) -> str:
    rows = []
    for name, c in classes.items():
        # Without a beat that is called so, there is no predictivity.
        cells = [f"{c[k]:.2f}" if c["se"] or k == "se" else "–" for k in keys]
        rows.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(rows)


def _cross_validation(protocol: str, metrics: dict[str, Any]) -> str:
    pooled = metrics["pooled"]
    folds = ", ".join(f"{100 * f['macro_f1_nsv']:.1f}" for f in metrics["folds"])
    rows = [
        f"| {DATABASE_NAMES[database]} | {name} | "
        + " | ".join(f"{figures['classes'][name][rate]:.1f}" for rate in ("se", "ppv", "f1"))
        + " |"
        for database, figures in metrics["ec57"].items()
        for name in "NSV"
    ]
    table = "\n".join(rows)
    return f"""## Cross-validation, protocol {protocol} (`make train`; several seeds: `make crossval`)

Float network, detected R peaks, held-out beats of all folds together; from 5:00 on, de Chazal's mapping:

| records | class | Se % | +P % | F1 % |
|---|---|---|---|---|
{table}

Whole records, missed and false beats left out, all {pooled["beats"]:,} beats that have a label: accuracy {100 * pooled["accuracy"]:.2f} %; macro-F1 over N, S, V
{100 * pooled["macro_f1_nsv"]:.1f} % (by fold: {folds}). Expected calibration error
{metrics["calibration"]["expected_calibration_error"]:.3f} (before the temperature of {metrics["temperature"]:.2f}: {metrics["calibration"]["before_temperature"]:.3f}). F cannot be judged: record 208
holds nine tenths of DS1's F beats. The logit of S is moved by {metrics.get("s_offset", 0.0):+.2f}: as many held-out beats are then called S as there are
(for these figures each fold is moved by what the other folds ask for; the temperature is one for all, fitted to the same held-out beats).
"""


def _int8(export: dict[str, Any]) -> str:
    cost = export["quantisation"]
    d = cost["int8_minus_float"]
    worst = cost["worst_class"]
    return f"""## Float against int8 (`make export`, `build/export.json`)

On the {cost["beats"]:,} beats of the cross-validation records, the shipped network itself (which was trained on them:
only the difference says something): accuracy {d["accuracy"]:+.2f} points, macro-F1 {d["macro_f1_nsv"]:+.2f} points,
worst class {worst["class"]} {worst["f1_points"]:+.2f} points of F1; the same class for
{100 * cost["same_class_share"]:.2f} % of the beats.
"""


def _tflite(protocol: str) -> Path:
    """The committed network of a protocol."""
    return TFLITE_PATH if protocol == SHIPPED else report_dir(protocol).parent / f"bitbeat_{protocol}.tflite"


def _ds2(protocol: str) -> str:
    title = f"## DS2, the deployed chain, protocol {protocol} (`make score`)\n\n"
    digest = file_sha256(_tflite(protocol))
    entry = last_ds2_entry(digest)
    if entry is None:
        return title + "This model has not been scored on DS2.\n"
    s = entry["s_without_232"]
    b = entry["bxb"]
    return f"""{title}C core as on the device: own detected R peaks, int8 network, every beat classified. From 5:00 on, EC57 beat-by-beat
pairing, gross figures, de Chazal's mapping; a missed or false beat counts as an error of accuracy:

| class | Se % | +P % | F1 % |
|---|---|---|---|
{_class_rows(entry["classes"], ("se", "ppv", "f1"))}
| S without record 232 | {s["se"]:.2f} | {s["ppv"]:.2f} | {s["f1"]:.2f} |
| S, bxb's mapping (e, j are S) | {b["S"]["se"]:.2f} | {b["S"]["ppv"]:.2f} | {b["S"]["f1"]:.2f} |
| V, bxb's mapping | {b["V"]["se"]:.2f} | {b["V"]["ppv"]:.2f} | {b["V"]["f1"]:.2f} |

QRS detection Se {entry["qrs"]["se"]:.2f} %, +P {entry["qrs"]["ppv"]:.2f} %; accuracy {entry["accuracy"]:.2f} %; macro-F1 over
N, S, V {entry["macro_f1"]:.2f} %. Scored {entry["date"][:10]} by commit `{entry["commit"]}` (`+`: and changes that came with the next one), .tflite `{digest[:16]}`. The same over whole records
(from 0:00), and int8 less float: `docs/score.md`.
"""


def _limits() -> str:
    return """## Intended use and limits

- Intended: experiments with ECG on microcontrollers, teaching, a baseline to improve, a test load for firmware.
- Trained on 62 records of adults, from Holter devices of the 1970s and 1980s, one or two leads each. Other leads, electrodes,
  children, pacemakers and other diseases were not seen; expect worse figures there.
- S is weaker than V: premature atrial beats look like the irregular normal beats of atrial fibrillation. F, fusion
  beats, is never answered: they are called N or V.
- The first beats of a recording, and those after lead-off or saturation, are compared with a template that is still
  being learnt; the device flags them.
- The confidence was calibrated on the training patients' held-out beats; on other patients it may be off (on DS2 the
  expected calibration error stands in README, `make score-noise`).
"""
