"""``bitbeat data``, ``train``, ``crossval``, ``ablate`` and ``evaluate``."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from host_tools.cli.output import NO_DOCUMENT, Force, Yes, ask, figures_file
from host_tools.cli.values import LARGEST_SEED, MOST_PROCESSES
from host_tools.errors import UserError

if TYPE_CHECKING:
    from rich.table import Table


def need(modules: tuple[str, ...], extra: str) -> None:
    """Refuse with one line when an optional part is not installed."""
    for module in modules:
        if importlib.util.find_spec(module) is None:
            raise UserError(f"{module} is not installed; get it with: pip install -e '.[{extra}]'")


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("data")(data)
    app.command("train")(train)
    app.command("crossval")(crossval)
    app.command("ablate")(ablate)
    app.command("evaluate")(evaluate)


def data(
    source: Annotated[
        Path | None,
        typer.Option("--from", help="Folder of archives (mitdb.tar.xz ...) or unpacked databases."),
    ] = None,
    into: Annotated[Path | None, typer.Option("--into", help="Folder to fill; data/ by default.")] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace files there that differ from the databases', too.")
    ] = False,
) -> None:
    """Fetch MIT-BIH's databases into data/, checked by SHA-256.

    From archives, else from PhysioNet; resumes where it was.
    """
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from host_tools.text import new_console
    from training.data import DATA_DIR, fetch_databases

    target = into or DATA_DIR
    columns = (TextColumn("{task.description:<8}"), BarColumn(), MofNCompleteColumn(), TextColumn("files"))
    with Progress(*columns, TimeElapsedColumn(), console=new_console(stderr=True)) as bar:
        tasks: dict[str, Any] = {}

        def tell(name: str, done: int, total: int) -> None:
            if name not in tasks:
                tasks[name] = bar.add_task(name, total=total)
            bar.update(tasks[name], completed=done)

        origins = fetch_databases(target, source, progress=tell, force=force)
    for name, origin in origins.items():
        new_console().print(f"{target / name}: complete, every file checked (from: {origin})", soft_wrap=True)


def train(
    protocol: Annotated[
        str, typer.Option(help="ds1 or ds1+svdb (the shipped model); all by default.")
    ] = "all",
    resume: Annotated[bool, typer.Option(help="Go on with a training that was stopped.")] = False,
    seed: Annotated[
        int | None,
        typer.Option(min=0, max=LARGEST_SEED, help="Two runs with one seed on one machine are identical."),
    ] = None,
    processes: Annotated[
        int, typer.Option(min=1, max=MOST_PROCESSES, help="Networks trained at a time, one thread each.")
    ] = 2,
    config: Annotated[
        Path | None, typer.Option(help="Hyper-parameters; training/config.toml by default.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder of checkpoints and reports; training/ by default.")
    ] = None,
    data_dir: Annotated[
        Path | None, typer.Option("--data", help="Folder that holds mitdb/, nstdb/ and svdb/.")
    ] = None,
    yes: Yes = False,
) -> None:
    """Train the classifier by the recipe, under both protocols.

    Cross-validation, teachers, one network for each protocol. DS2 is not touched.

    The committed checkpoints and reports are replaced (it asks first) only by training/config.toml on the
    committed data, checked by SHA-256 sums; with --config or other data give --out.
    """
    need(("torch", "safetensors"), "train")
    from host_tools.progress import TrainingBars
    from host_tools.text import new_console
    from host_tools.writing import claim_files, claim_project
    from training.config import CONFIG_PATH, load_config
    from training.crossval import STATE_DIR, Places
    from training.data import DATA_DIR
    from training.splits import PROTOCOLS
    from training.train import DEFAULT_SEED, Outputs, committed_outputs, output_files
    from training.train import train as run_training

    if protocol not in (*PROTOCOLS, "all"):
        raise UserError(f"--protocol {protocol}: must be one of {', '.join(PROTOCOLS)}, all")
    chosen = load_config(config or CONFIG_PATH)
    names = tuple(PROTOCOLS) if protocol == "all" else (protocol,)
    places = {name: committed_outputs(name) for name in names}
    if out is not None:
        places = {n: Outputs(out / n / o.checkpoint.name, out / n / "report") for n, o in places.items()}
        claim_files("train", [f for o in places.values() for f in output_files(o)], force=yes)
    else:
        _allow_committed(config, data_dir, yes)
        claim_project(*(file for o in places.values() for file in output_files(o)))
    where = _training_data(data_dir, DATA_DIR)
    console = new_console()
    for name, outputs in places.items():
        with TrainingBars() as bars:
            outcome = run_training(
                chosen,
                name,
                seed=DEFAULT_SEED if seed is None else seed,
                resume=resume,
                outputs=outputs,
                places=Places(where, state_dir=(STATE_DIR if out is None else out / "state") / name),
                processes=processes,
                report=bars.network,
                loading=bars.loading,
            )
        console.print(_metrics_table(outcome.metrics))
        wrote = f"{outcome.checkpoint} and {outputs.report_dir}"
        console.print(f"{wrote} written in {outcome.seconds:.0f} s", soft_wrap=True)


def _allow_committed(config: Path | None, data_dir: Path | None, yes: bool) -> None:
    """Refuse to replace the committed models by others' settings or data; ask before they are replaced."""
    from training.data import DATABASES, not_committed

    if config is not None:
        raise UserError(
            "--config: the committed models are trained with training/config.toml; give --out FOLDER"
        )
    if data_dir is not None and (why := not_committed({n: data_dir / n for n in DATABASES})):
        raise UserError(f"{why}: the committed models are made of the committed data; give --out FOLDER")
    ask("the committed checkpoints and their reports in training/", yes)


def crossval(
    processes: Annotated[
        int, typer.Option(min=1, max=MOST_PROCESSES, help="Networks trained at a time, one thread each.")
    ] = 2,
    seeds: Annotated[int | None, typer.Option(min=1, help="Networks judged in each fold.")] = None,
    protocol: Annotated[
        list[str] | None, typer.Option(help="Protocol; may be given again. All by default.")
    ] = None,
    data_dir: Annotated[
        Path | None, typer.Option("--data", help="Folder that holds mitdb/, nstdb/ and svdb/.")
    ] = None,
    force: Force = False,
) -> None:
    """Cross-validate the recipe with several seeds.

    Under both protocols; writes build/crossval.json.

    README's table is written only with the configuration's seeds on the committed data (SHA-256 sums).
    """
    need(("torch", "safetensors"), "train")

    from host_tools.progress import TrainingBars
    from host_tools.readme import DOCUMENTS
    from host_tools.text import new_console
    from training.config import load_config
    from training.crossval import STATE_DIR, Places
    from training.crossval_report import REPORT_PATH, write_crossval
    from training.data import DATA_DIR, DATABASES

    chosen = load_config()
    data = _training_data(data_dir, DATA_DIR)
    path, whole = figures_file(
        "crossval",
        "crossval",
        None,
        force=force,
        some=seeds not in (None, chosen.cross_validation.seeds),
        databases={name: data / name for name in DATABASES},
        folder=REPORT_PATH.parent,
    )
    with TrainingBars() as bars:
        result = write_crossval(
            chosen,
            Places(data, state_dir=STATE_DIR),
            processes,
            bars.network,
            path=path,
            documents=DOCUMENTS if whole else (),
            seeds=seeds,
            only=protocol or (),
        )
    console = new_console()
    for name, figures in result["protocols"].items():
        console.print(_crossval_table(name, figures))
    console.print(f"{path} written", soft_wrap=True)


def ablate(
    only: Annotated[list[str] | None, typer.Option("--only", help="Variant by name; repeatable.")] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Networks judged in each fold.")] = 5,
    processes: Annotated[
        int, typer.Option(min=1, max=MOST_PROCESSES, help="Networks trained at a time, one thread each.")
    ] = 2,
    data_dir: Annotated[
        Path | None, typer.Option("--data", help="Folder that holds mitdb/, nstdb/ and svdb/.")
    ] = None,
    force: Force = False,
) -> None:
    """Cross-validate what each idea brings; takes hours.

    The variants of training/ablations.toml; writes docs/ablation.md and .json.

    docs/ is written only on the committed data, checked by SHA-256 sums; build/ablation-some.* on other data.
    """
    need(("torch", "safetensors"), "train")
    from host_tools.progress import TrainingBars
    from host_tools.text import new_console
    from host_tools.writing import claim_files, claim_project
    from training.ablate import JSON_PATH, TABLE_PATH, check_names, load_variants
    from training.ablate import ablate as run_ablation
    from training.config import load_config
    from training.crossval import STATE_DIR, Places
    from training.data import DATA_DIR, DATABASES, not_committed

    base = load_config()
    check_names(load_variants(base), only or ())
    data = _training_data(data_dir, DATA_DIR)
    table, figures = TABLE_PATH, JSON_PATH
    if why := not_committed({name: data / name for name in DATABASES}):
        print(f"{why}: {NO_DOCUMENT}")
        table, figures = (Path("build") / f"ablation-some{p.suffix}" for p in (table, figures))
        claim_files("ablate", [table, figures], force=force)
    else:
        claim_project(table, figures)
    with TrainingBars() as bars:
        run_ablation(
            base,
            seeds,
            Places(data, state_dir=STATE_DIR),
            only or (),
            processes,
            bars.network,
            bars.begin,
            json_path=figures,
            table_path=table,
        )
    new_console().print(f"{table} written", soft_wrap=True)


def _training_data(given: Path | None, usual: Path) -> Path:
    """Return the folder of the databases; the usual one is filled first."""
    from training.data import fetch_databases

    if given is None:
        fetch_databases(usual)
        return usual
    return given


def evaluate(
    ds2: Annotated[bool, typer.Option("--ds2", help="Score the deployed chain on DS2 and log it.")] = False,
    data_dir: Annotated[Path | None, typer.Option("--data", help="Folder that holds mitdb/.")] = None,
) -> None:
    """Show how the trained model did in its cross-validation.

    With --ds2, score the C core on the test records and log that.

    Log and model card are written only of the committed mitdb, checked by its SHA-256 sums.
    """
    from host_tools.text import new_console

    console = new_console()
    if not ds2:
        from training.evaluate import read_metrics

        metrics = read_metrics()
        console.print(_metrics_table(metrics))
        console.print(_record_note(metrics), soft_wrap=True)
        return
    from host_tools.scoreboard import append_log
    from training.data import DATA_DIR, fetch_databases, not_committed
    from training.evaluate import DS2_LOG_PATH, score_ds2
    from training.model_card import CARD_PATH, write_card

    where = data_dir or DATA_DIR
    if data_dir is None:
        fetch_databases(where, names=("mitdb",))
    with console.status("DS2") as status:
        entry = score_ds2(where, lambda record: status.update(f"DS2: record {record}"))
    why = not_committed({"mitdb": where / "mitdb"})
    new = not why and append_log(entry, DS2_LOG_PATH)
    console.print(_ds2_table(entry))
    if why:
        print(f"{why}: {NO_DOCUMENT}")
    elif new:
        write_card()
        console.print(f"appended to {DS2_LOG_PATH}; {CARD_PATH} written", soft_wrap=True)
    else:
        console.print(f"scored before: {DS2_LOG_PATH} stays as it is", soft_wrap=True)


def _metrics_table(metrics: dict[str, Any]) -> Table:
    from rich.table import Table

    pooled = metrics["pooled"]
    title = f"Cross-validation ({metrics['protocol']}; {metrics['peaks']} R peaks), {pooled['beats']:,} beats"
    table = Table(title=title)
    for name in ("class", "beats", "precision %", "recall %", "F1 %"):
        table.add_column(name, justify="left" if name == "class" else "right")
    for name, c in pooled["classes"].items():
        table.add_row(
            name, f"{c['beats']:,}", *(f"{100 * c[key]:.1f}" for key in ("precision", "recall", "f1"))
        )
    table.caption = (
        f"accuracy {100 * pooled['accuracy']:.2f} %, macro-F1 over N S V {100 * pooled['macro_f1_nsv']:.1f} %"
    )
    return table


def _crossval_table(protocol: str, figures: dict[str, Any]) -> Table:
    from rich.table import Table

    from training.crossval_report import seeds_text, spread_text

    table = Table(title=f"{protocol}: held-out folds, {seeds_text(figures['seeds'])}, from 5:00, EC57, %")
    for name in ("records", "class", "Se", "+P", "F1"):
        table.add_column(name, justify="left" if name in ("records", "class") else "right")

    for database in ("ds1", "svdb"):
        own = figures[database]
        for name in "NSV":
            table.add_row(database, name, *(spread_text(own[name][rate]) for rate in ("se", "ppv", "f1")))
        table.add_row(database, "macro-F1", "", "", spread_text(own["macro_f1"]))
    return table


def _record_note(metrics: dict[str, Any]) -> str:
    parts = [f"fold {f['fold']}: {100 * f['macro_f1_nsv']:.1f} %" for f in metrics["folds"]]
    return f"macro-F1 by fold: {', '.join(parts)}; commit {metrics['git_commit']}"


def _ds2_table(entry: dict[str, Any]) -> Table:
    from rich.table import Table

    table = Table(title="DS2, C core, int8, own R peaks; from 5:00, EC57 pairing, de Chazal's mapping")
    for name in ("class", "Se %", "+P %", "F1 %"):
        table.add_column(name, justify="left" if name == "class" else "right")
    for name, c in entry["classes"].items():
        table.add_row(name, *(f"{c[key]:.2f}" for key in ("se", "ppv", "f1")))
    table.add_row(
        "S without record 232", *(f"{entry['s_without_232'][key]:.2f}" for key in ("se", "ppv", "f1"))
    )
    for name in "SV":
        table.add_row(
            f"{name} (bxb's mapping)", *(f"{entry['bxb'][name][key]:.2f}" for key in ("se", "ppv", "f1"))
        )
    table.add_row("QRS", f"{entry['qrs']['se']:.2f}", f"{entry['qrs']['ppv']:.2f}", "")
    table.caption = (
        f"accuracy {entry['accuracy']:.2f} % (missed and false beats are errors), "
        f"macro-F1 over N S V {entry['macro_f1']:.2f} %, model {entry['model_hash'][:12]}"
    )
    return table
