"""``bitbeat ablate``: cross-validation of named variants of the configuration, as a table."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from host_tools.errors import UserError
from host_tools.places import markdown_table
from host_tools.reference.params import FEATURE_NAMES, SPEC_DIGEST
from host_tools.values import texts_fault
from host_tools.writing import write_json, write_text
from training.config import DIFFERENCE, TrainingConfig, changed, read_toml
from training.crossval import Places, Report, worker_pool
from training.crossval_report import cross_validate, report_before, spread_text
from training.data import REPO_ROOT
from training.splits import DATABASE_NAMES, PROTOCOLS, SHIPPED

VARIANTS_PATH = Path(__file__).with_name("ablations.toml")
TABLE_PATH = REPO_ROOT / "docs" / "ablation.md"
JSON_PATH = REPO_ROOT / "docs" / "ablation.json"

_HEADER = """# What each idea brings

Written by `make ablate`. Patient-wise 5-fold cross-validation on the training records, the
detector's own beats from 5:00 on, de Chazal's mapping, gross; float networks, percent,
mean ± spread (standard deviation) over seeds. Each line but the first changes one thing and says what.
In brackets: its macro-F1 less that of the first line (with the same seed, where a line has one: seeds alone
differ by more than most ideas); where a line takes an idea away, a negative figure is what the idea brings.
Of a difference within twice the first line's spread, seeds alone can be the cause: DS1's few S beats, two
fifths of them one patient's, tell less than svdb's. No figure here comes from DS2. Last column: S beats found
in made-up rhythms of the held-out patients, runs of S between irregular pauses, without the decision offset.

"""


@dataclass(frozen=True)
class Variant:
    """One line of the table: what is different, under which protocol."""

    name: str
    text: str
    protocol: str
    config: TrainingConfig
    offsets: bool

    def digest(self) -> str:
        """Hash of all that decides its figures but data and code."""
        about = (self.config.digest(), self.protocol, self.offsets, SPEC_DIGEST)
        return hashlib.sha256(repr(about).encode()).hexdigest()[:16]


def load_variants(base: TrainingConfig, path: Path = VARIANTS_PATH) -> list[Variant]:
    """Read the variants.

    Parameters
    ----------
    base : TrainingConfig
        What they differ from.
    path : Path
        A TOML file of ``[[variant]]`` tables: ``name``, ``text``, optionally ``protocol``, ``features`` (the
        beginnings of the names of features to leave out), ``offsets``, and sections of the configuration.

    Returns
    -------
    list of Variant
        In the order of the file. Variants are trained plainly unless they say ``distillation``.

    Raises
    ------
    UserError
        If the file is missing or damaged, or a name in it is unknown.
    """
    raw = read_toml(path, "variants of the ablation").get("variant", [])
    if not isinstance(raw, list) or not all(isinstance(entry, dict) for entry in raw):
        raise UserError(f"{path}: variants must be tables [[variant]]")
    plain = dataclasses.replace(base, distillation=dataclasses.replace(base.distillation, teachers=0))
    variants = []
    for entry in raw:
        rest = dict(entry)
        try:
            name, text = str(rest.pop("name")), str(rest.pop("text"))
        except KeyError as error:
            raise UserError(f"{path}: a variant has no {error}") from None
        protocol = str(rest.pop("protocol", SHIPPED))
        if protocol not in PROTOCOLS:
            raise UserError(f"{path}: {name}: protocol must be one of {', '.join(PROTOCOLS)}")
        offsets = bool(rest.pop("offsets", True))
        features = rest.pop("features", [])
        if fault := texts_fault(features):
            raise UserError(f"{path}: {name}: features {fault}")
        without = _features(features, f"{path}: {name}")
        start = base if "distillation" in rest else plain
        config = changed(start, rest, f"{path}: {name}")
        data = dataclasses.replace(config.data, without_features=without)
        variants.append(Variant(name, text, protocol, dataclasses.replace(config, data=data), offsets))
    return variants


def check_names(variants: Sequence[Variant], names: Sequence[str], path: Path = VARIANTS_PATH) -> None:
    """Raise UserError where a name is none of a variant's."""
    for name in names:
        if name not in {v.name for v in variants}:
            raise UserError(f"{path}: has no variant {name}")


def _features(beginnings: Sequence[str], where: str) -> tuple[str, ...]:
    every = (*FEATURE_NAMES, DIFFERENCE)
    for beginning in beginnings:
        if not any(name.startswith(beginning) for name in every):
            raise UserError(f"{where}: no feature's name begins with {beginning}")
    return tuple(name for name in every if name.startswith(tuple(beginnings)) and beginnings)


def ablate(
    base: TrainingConfig,
    seeds: int,
    places: Places,
    only: Sequence[str] = (),
    processes: int = 2,
    report: Report | None = None,
    said: Callable[[str], None] | None = None,
    variants_path: Path = VARIANTS_PATH,
    json_path: Path = JSON_PATH,
    table_path: Path = TABLE_PATH,
) -> list[dict[str, Any]]:
    """Cross-validate every variant (or those named) and write the table after each.

    Parameters
    ----------
    base : TrainingConfig
        The shipped configuration.
    seeds : int
        Networks of each fold.
    places : Places
        Data, cache, state.
    only : sequence of str
        Names of variants; all by default. The other lines of the table stay.
    processes : int
        Networks trained at a time.
    report, said : callable, optional
        Told of networks done, and of variants begun.
    variants_path, json_path, table_path : Path
        What is read and written.

    Returns
    -------
    list of dict
        One entry a variant of the table: name, text, protocol, seeds, figures.
    """
    variants = load_variants(base, variants_path)
    check_names(variants, only, variants_path)
    before = report_before(json_path, base).get("variants", []) if only else []
    hashes = {v.name: v.digest() for v in variants}
    found = {row["name"]: row for row in before if row.get("variant_hash") == hashes.get(row["name"])}
    with ExitStack() as stack:
        workers = stack.enter_context(worker_pool(processes)) if processes > 1 else None
        for variant in variants:
            if only and variant.name not in only:
                continue
            if said:
                said(variant.name)
            own = dataclasses.replace(places, state_dir=places.state_dir / variant.protocol)
            figures = cross_validate(
                variant.config,
                variant.protocol,
                range(1, seeds + 1),
                own,
                processes,
                report,
                offsets=variant.offsets,
                workers=workers,
            )
            found[variant.name] = {
                **{"name": variant.name, "protocol": variant.protocol, "seeds": seeds},
                **{"variant_hash": hashes[variant.name], "figures": figures},
            }
            rows = [found[v.name] | {"text": v.text} for v in variants if v.name in found]
            write_json(json_path, {"config_hash": base.digest(), "variants": rows})
            write_text(table_path, table(rows))
    return rows


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Markdown page of the variants: held-out figures, mean and spread over seeds, in percent."""
    heads = ["variant", "protocol", "seeds"]
    for title in DATABASE_NAMES.values():
        heads += [f"{title} S Se / +P", f"{title} V Se / +P", f"{title} macro-F1"]
    heads.append("made-up S Se")
    return _HEADER + markdown_table(heads, [_cells(row, rows[0]) for row in rows])


def _cells(row: dict[str, Any], first: dict[str, Any]) -> list[str]:
    cells = [row["text"], row["protocol"], str(row["seeds"])]
    for name in DATABASE_NAMES:
        figures = row["figures"][name]
        cells += [f"{spread_text(figures[c]['se'])} / {spread_text(figures[c]['ppv'])}" for c in "SV"]
        macro = figures["macro_f1"]
        less = macro["mean"] - _same_seeds(first["figures"][name]["macro_f1"], row["seeds"])
        cells.append(spread_text(macro) + ("" if row is first else f" ({less:+.1f})"))
    return [*cells, spread_text(row["figures"]["made_up"])]


def _same_seeds(first: dict[str, Any], seeds: int) -> float:
    """Mean over the first so many seeds; over all of them where they were not kept apart."""
    apart = first.get("of_seeds", [])[:seeds]
    return float(sum(apart) / seeds) if len(apart) == seeds else float(first["mean"])
