"""From bitbeat.tflite to the C network, the Python network and the .tflite as a C array."""

from __future__ import annotations

import importlib.util
import sys
import tempfile
from pathlib import Path
from types import ModuleType

from export.c_printer import ecg_model_header, ecg_model_source, ecg_net_source, generic_c, tflite_array
from export.lower import Network, compile_network
from export.network_report import NetworkReport, report_network
from export.python_network import python_network
from export.tflite_check import check_full_int8
from export.tflite_reader import read_tflite
from export.tflm_header import tflm_header


def generate_network(
    tflite_path: Path, firmware_model_dir: Path, reference_dir: Path, spec_hash: str
) -> NetworkReport:
    """Write everything that is generated from the project's model.

    Parameters
    ----------
    tflite_path : Path
        The model.
    firmware_model_dir : Path
        Gets ``ecg_net_aot.c``, ``ecg_model.{h,c}``, ``ecg_model_tflite.{h,c}``, ``ecg_model_tflm.h``.
    reference_dir : Path
        Gets ``network.py``.
    spec_hash : str
        Hex digest of the specification, named in each file.

    Returns
    -------
    NetworkReport
        What the network costs.

    Raises
    ------
    UserError
        The model cannot be read or compiled, or its inputs and outputs are not the project's.
    """
    graph = read_tflite(tflite_path)
    check_full_int8(graph)
    network = compile_network(graph)
    content = tflite_path.read_bytes()
    files = {
        firmware_model_dir / "ecg_net_aot.c": _unless_tflm(ecg_net_source(network, spec_hash)),
        firmware_model_dir / "ecg_model.h": ecg_model_header(network, spec_hash),
        firmware_model_dir / "ecg_model.c": ecg_model_source(network, spec_hash),
        firmware_model_dir / "ecg_model_tflm.h": tflm_header(network, content, spec_hash),
        reference_dir / "network.py": python_network(network, spec_hash),
    }
    files |= {firmware_model_dir / name: t for name, t in tflite_array(network, content, spec_hash).items()}
    write_files(files)
    return report_network(network, len(content))


def _unless_tflm(source: str) -> str:
    """Make a C file empty in builds with the other engine, which implements the same functions."""
    head, code = source.split("*/\n", 1)
    return f"{head}*/\n#ifndef ECG_NET_TFLM\n{code.rstrip()}\n\n#endif /* ECG_NET_TFLM */\n"


def network_report(tflite_path: Path) -> NetworkReport:
    """Costs of a model: operators, tensors, multiply-accumulates, bytes of model, C network and arena.

    Raises
    ------
    UserError
        The model cannot be read or compiled.
    """
    return report_network(compile_network(read_tflite(tflite_path)), tflite_path.stat().st_size)


def generate_any(tflite_path: Path, directory: Path, prefix: str) -> Network:
    """Compile any int8 network, for tests: ``<prefix>.h``, ``<prefix>.c`` and ``<prefix>.py``.

    Parameters
    ----------
    tflite_path : Path
        The model.
    directory : Path
        Gets the three files.
    prefix : str
        Identifier: names of the files and of the C function ``<prefix>_invoke``.

    Returns
    -------
    Network
        With the inputs' and outputs' places in the arena.

    Raises
    ------
    UserError
        The model cannot be read or compiled.
    """
    network = compile_network(read_tflite(tflite_path))
    files = {directory / name: text for name, text in generic_c(network, prefix).items()}
    files[directory / f"{prefix}.py"] = python_network(network, package="host_tools.reference", ecg=False)
    write_files(files)
    return network


def load_python_network(path: Path, name: str) -> ModuleType:
    """Import a generated Python network from a file outside the packages; for tests."""
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def write_files(files: dict[Path, str]) -> None:
    """Write text files aside and rename them; files that already have the content are left alone."""
    for path, text in files.items():
        content = text.encode()
        if path.exists() and path.read_bytes() == content:
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as aside:
            aside.write(content)
        Path(aside.name).chmod(0o644)
        Path(aside.name).replace(path)
