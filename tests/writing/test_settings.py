"""``spec.toml``, ``config.toml`` and a checkpoint's JSON with values that they cannot have.

Oracle: the rule itself, one line that names file and value, and nothing loaded. Every value of every file is
tried with each kind of wrong value.
"""

from __future__ import annotations

import copy
import json
import math
import shutil
import tomllib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from export.generate import TFLITE, generate
from export.spec import SPEC_PATH, load_spec
from host_tools.build import ROOT
from host_tools.errors import UserError
from host_tools.text import printable
from training.ablate import VARIANTS_PATH, load_variants
from training.checkpoint import CHECKPOINT_PATH, load_checkpoint
from training.checkpoint_info import EVERYTHING, read_info
from training.config import CONFIG_PATH, load_config

Tree = dict[str, Any]
Steps = tuple[str | int, ...]
MISSING = object()
#: Values that no setting of a number, a text, a list or a table can have.
NEVER: dict[str, Any] = {
    "a date's text": "2024-02-30\nand a line",
    "a mixed list": [1, "a", [2.5]],
    "a table": {"a": 1},
    "true": True,
    "not a number": math.nan,
    "infinite": math.inf,
    "minus infinite": -math.inf,
    "huge": 10**60,
    "hugely negative": -(10**60),
    "more than a float": 1e300,
    "missing": MISSING,
}


def leaves(tree: Tree, above: Steps = ()) -> Iterator[Steps]:
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from leaves(value, (*above, key))
        yield (*above, key)


def changed(tree: Tree, steps: Steps, value: Any) -> Tree:
    new = copy.deepcopy(tree)
    inner: Any = new
    for step in steps[:-1]:
        inner = inner[step]
    if value is MISSING:
        del inner[steps[-1]]
    else:
        inner[steps[-1]] = value
    return new


def toml_value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return repr(value).replace("e+", "e") if math.isfinite(value) else str(value)
    if isinstance(value, list):
        return f"[{', '.join(map(toml_value, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)} = {toml_value(v)}" for k, v in value.items()) + "}"
    return json.dumps(value)


def toml(tree: Tree) -> str:
    return "".join(f"{json.dumps(key)} = {toml_value(value)}\n" for key, value in tree.items())


def one_line(load: Callable[[], object], *words: str) -> str:
    with pytest.raises(UserError) as error:
        load()
    text = str(error.value)
    assert "\n" not in printable(text, longest=None)
    assert len(text) < 600
    for word in words:
        assert word in text
    return text


SPEC, CONFIG = (tomllib.loads(path.read_text()) for path in (SPEC_PATH, CONFIG_PATH))
INFO = json.loads(CHECKPOINT_PATH.with_suffix(".json").read_text())
#: Tables of a checkpoint whose values nobody computes with.
TOLD = ("cross_validation", "databases")


def test_the_files_are_written_back_as_they_were(tmp_path: Path) -> None:
    """Else the tests below would try something else than they say."""
    for tree in (SPEC, CONFIG):
        assert tomllib.loads(toml(tree)) == tree
    (tmp_path / "spec.toml").write_text(toml(SPEC))
    assert load_spec(tmp_path / "spec.toml").constants.items() - load_spec().constants.items() == {
        ("SPEC_HASH", load_spec(tmp_path / "spec.toml").constants["SPEC_HASH"])
    }
    (tmp_path / "config.toml").write_text(toml(CONFIG))
    assert load_config(tmp_path / "config.toml") == load_config()


@pytest.mark.parametrize("kind", NEVER)
def test_every_value_of_the_specification(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "spec.toml"
    for steps in leaves(SPEC):
        if kind in ("a table",) and isinstance(changed(SPEC, steps, 0), dict) and steps[-1] == "weight_q8":
            continue  # a table it is
        path.write_text(toml(changed(SPEC, steps, NEVER[kind])))
        one_line(lambda: load_spec(path), str(path), str(steps[-1]) if kind != "a table" else "")


@pytest.mark.parametrize("kind", NEVER)
def test_every_value_of_the_configuration(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "config.toml"
    optional = {("optimiser", "int8_weights"), ("data", "without_features")}
    for steps in leaves(CONFIG):
        if steps in optional and kind == "missing":
            continue
        path.write_text(toml(changed(CONFIG, steps, NEVER[kind])))
        one_line(lambda: load_config(path), str(path), str(steps[-1]) if kind != "a table" else "")


#: What a checkpoint may lack, or what may be any text.
OPTIONAL = [("model", name) for name in ("context_beats", "lookahead_beats", "recurrent_units")]
TEXTS = ("protocol", "config_hash", "spec_hash", "git_commit")


@pytest.mark.parametrize("kind", NEVER)
def test_every_value_of_a_checkpoint(tmp_path: Path, kind: str) -> None:
    path, about = tmp_path / "a.safetensors", tmp_path / "a.json"
    shutil.copy(CHECKPOINT_PATH, path)
    value = NEVER[kind]
    for steps in leaves(INFO):
        if steps[0] in (*TOLD, "classes") or (steps[0] in TEXTS and isinstance(value, str)):
            continue
        if value is MISSING and steps in OPTIONAL:
            continue
        about.write_text(json.dumps(changed(INFO, steps, value)))
        if value is MISSING and len(steps) == 1:  # a training of tests has no more than the model
            one_line(lambda: read_info(about, EVERYTHING), "a.json", str(steps[0]))
        else:
            one_line(lambda: load_checkpoint(path), "a.json")


def test_the_committed_files_pass() -> None:
    load_spec(), load_config()
    read_info(CHECKPOINT_PATH.with_suffix(".json"), EVERYTHING)


@pytest.mark.parametrize("steps", [("more",), ("signal", "more"), ("rpeak", "weight_q8", "more")])
def test_what_the_specification_does_not_know(tmp_path: Path, steps: Steps) -> None:
    path = tmp_path / "spec.toml"
    path.write_text(toml(changed(SPEC, steps, 1)))
    one_line(lambda: load_spec(path), "more", "is unknown")


@pytest.mark.parametrize("steps", [("more",), ("model", "more"), ("data", "more")])
def test_what_the_configuration_does_not_know(tmp_path: Path, steps: Steps) -> None:
    path = tmp_path / "config.toml"
    path.write_text(toml(changed(CONFIG, steps, 1)))
    one_line(lambda: load_config(path), "more", "is unknown")


NO_TOML = {
    "empty": b"",
    "no text": b"\xff\xfe\x00",
    "deep": b"a = [" * 5000,
    "no key": b"=",
    "twice": b"[signal]\n[signal]\n",
    "long": b"x = '" + b"a" * (2 << 20),
}


@pytest.mark.parametrize("content", NO_TOML.values(), ids=NO_TOML)
def test_what_is_no_toml(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.toml"
    path.write_bytes(content)
    one_line(lambda: load_spec(path), "a.toml")
    one_line(lambda: load_config(path), "a.toml")
    one_line(lambda: load_spec(tmp_path), str(tmp_path))
    one_line(lambda: load_config(tmp_path), str(tmp_path))


NO_JSON = {
    "empty": b"",
    "null": b"null",
    "list": b"[]",
    "deep": b"[" * 100_000,
    "no text": b"\xff",
    "bare": b'{"architecture": "bitbeat-context-2"}',
    "long": b" " * (2 << 20),
}


@pytest.mark.parametrize("content", NO_JSON.values(), ids=NO_JSON)
def test_what_is_no_checkpoints_json(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.safetensors"
    shutil.copy(CHECKPOINT_PATH, path)
    path.with_suffix(".json").write_bytes(content)
    one_line(lambda: load_checkpoint(path), "a.json")


@pytest.mark.parametrize(
    "sizes",
    [
        {"beat_channels": [1024] * 3},
        {"hidden_units": 1024, "own_units": 1024, "beat_units": 1024},
        {"context_beats": 256, "context_channels": [512, 512]},
    ],
)
def test_sizes_are_checked_before_memory_is_taken(
    tmp_path: Path, sizes: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    def taken(*_: object) -> None:
        raise AssertionError("memory was taken")

    monkeypatch.setattr("training.checkpoint.ContextNet", taken)
    path = tmp_path / "a.safetensors"
    shutil.copy(CHECKPOINT_PATH, path)
    path.with_suffix(".json").write_text(json.dumps(INFO | {"model": INFO["model"] | sizes}))
    one_line(lambda: load_checkpoint(path), "a.json")
    path = tmp_path / "config.toml"
    path.write_text(toml(CONFIG | {"model": CONFIG["model"] | sizes}))
    one_line(lambda: load_config(path), "[model]")


def test_windows_that_do_not_fit(tmp_path: Path) -> None:
    path = tmp_path / "spec.toml"
    cases: list[tuple[Steps, int]] = [
        (("window", "before_ms"), 900),
        (("template", "qrs_before_ms"), 400),
        (("rr", "next_bound_ms"), 60_000),
    ]
    for steps, value in cases:
        path.write_text(toml(changed(SPEC, steps, value)))
        one_line(lambda: load_spec(path), str(path), "its values")


def add(wrong: Tree, entries: list[Tree]) -> None:
    entries[1].update(wrong)


def variants(change: Callable[[list[Tree]], object]) -> str:
    tree = tomllib.loads(VARIANTS_PATH.read_text())["variant"][:4]
    change(tree)
    return "".join("[[variant]]\n" + toml(entry) for entry in tree)


WRONG_VARIANTS: tuple[Tree, ...] = (
    {"features": 3},
    {"features": [1]},
    {"model": 7},
    {"model": {"dropout": "x"}},
    {"lost": {}},
)


@pytest.mark.parametrize(
    "text",
    [
        "variant = 3\n",
        "variant = [1]\n",
        "[variant]\nname = 'a'\n",
        *(variants(partial(add, wrong)) for wrong in WRONG_VARIANTS),
        variants(lambda v: v[0].pop("name")),
    ],
)
def test_variants_of_the_ablation(tmp_path: Path, text: str) -> None:
    path = tmp_path / "ablations.toml"
    path.write_text(text)
    one_line(lambda: load_variants(load_config(), path), "ablations.toml")


def anything() -> st.SearchStrategy[Any]:
    numbers = st.integers() | st.floats() | st.integers(-5, 5) | st.floats(-1, 2)
    return numbers | st.text(max_size=5) | st.booleans() | st.lists(numbers | st.text(max_size=3), max_size=4)


@pytest.mark.parametrize(("tree", "load"), [(SPEC, load_spec), (CONFIG, load_config)], ids=["spec", "config"])
@settings(max_examples=150)
@given(data=st.data())
def test_any_values_load_or_are_one_line(
    tmp_path_factory: pytest.TempPathFactory, tree: Tree, load: Callable[[Path], object], data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("any") / "a.toml"
    every = list(leaves(tree))
    for _ in range(data.draw(st.integers(1, 3))):
        steps = data.draw(st.sampled_from(every))
        try:
            tree = changed(tree, steps, data.draw(anything()))
        except (KeyError, TypeError):
            continue  # a table above it has gone
    path.write_text(toml(tree))
    try:
        load(path)
    except UserError as error:
        text = str(error)
    else:
        text = ""
    assert "\n" not in printable(text, longest=None)


def test_a_refused_model_or_specification_rewrites_nothing(tmp_path: Path) -> None:
    """Three files had been written before the model was refused."""
    out = tmp_path / "project"
    generate(out)
    before = {p: p.read_bytes() for p in out.rglob("*") if p.is_file()}
    broken = tmp_path / "broken.tflite"
    broken.write_bytes((ROOT / TFLITE).read_bytes()[:-2000])
    one_line(lambda: generate(out, broken))
    path = tmp_path / "spec.toml"
    path.write_text(toml(changed(SPEC, ("rr", "low_q8"), "128")))
    one_line(lambda: generate(out, spec_path=path))
    assert {p: p.read_bytes() for p in out.rglob("*") if p.is_file()} == before
