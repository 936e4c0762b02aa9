"""One interface to a compiled network on each backend, and to the oracle."""

from __future__ import annotations

import ctypes
import subprocess
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np

from export.c_network import generate_any, load_python_network
from export.c_printer import generic_c
from export.lower import Network
from host_tools.build import BUILD_DIR, FIRMWARE, OPTIMISE_FLAGS, SANITIZE_FLAGS, compile_c

C_DIR = Path(__file__).parent / "c"
_TRACE = "-DECG_TRACE=1"
_GARBAGE = 0x5A


@dataclass(frozen=True)
class Result:
    outputs: np.ndarray  # int8 [inferences, bytes of all outputs]
    layers: np.ndarray  # int8 [inferences, bytes of all layers]


@dataclass
class Model:
    """A generated network: its file, its place in the compiled table, its Python twin."""

    name: str
    index: int
    content: bytes
    network: Network
    module: ModuleType

    @property
    def output_bytes(self) -> int:
        return sum(port.tensor.size for port in self.network.outputs)

    def inputs(self, rng: np.random.Generator, count: int) -> list[list[np.ndarray]]:
        """Random inputs, after some extreme ones."""
        shapes = [port.tensor.shape for port in self.network.inputs]
        extremes = [[np.full(s, v, np.int8) for s in shapes] for v in (-128, 127, 0)]
        edges = [[rng.choice(np.array([-128, 127], np.int8), s) for s in shapes] for _ in range(3)]
        noise = [[rng.integers(-128, 128, s).astype(np.int8) for s in shapes] for _ in range(count)]
        return extremes + edges + noise

    def arenas(self, inputs: list[list[np.ndarray]]) -> np.ndarray:
        """Arena images with the inputs in them and garbage elsewhere."""
        images = np.full((len(inputs), self.network.plan.arena_bytes), _GARBAGE, np.int8)
        for image, xs in zip(images, inputs, strict=True):
            for port, x in zip(self.network.inputs, xs, strict=True):
                image[port.offset : port.offset + x.size] = x.ravel()
        return images


class Suite:
    """Networks generated into one folder, compiled together for each backend."""

    def __init__(self, name: str, models: dict[str, bytes]) -> None:
        self.folder = BUILD_DIR / "tests" / "networks" / name
        self.folder.mkdir(parents=True, exist_ok=True)
        self.models = {
            key: self._generate(f"net_{index}", key, index, content)
            for index, (key, content) in enumerate(models.items())
        }
        self._write_table()
        self._library: ctypes.CDLL | None = None
        self._runner: Path | None = None

    def _generate(self, prefix: str, key: str, index: int, content: bytes) -> Model:
        path = self.folder / f"{prefix}.tflite"
        if not path.exists() or path.read_bytes() != content:
            path.write_bytes(content)
        network = generate_any(path, self.folder, prefix)
        module = load_python_network(
            self.folder / f"{prefix}.py", f"bitbeat_test_{self.folder.name}_{prefix}"
        )
        return Model(key, index, content, network, module)

    def _write_table(self) -> None:
        names = [f"net_{model.index}" for model in self.models.values()]
        header = (
            "#include <stdint.h>\n\ntypedef struct {\n    uint32_t arena_bytes;\n    uint32_t output_bytes;\n"
        )
        header += "    void (*invoke)(int8_t *arena, int8_t *outputs);\n} test_network_t;\n\n"
        header += "extern const test_network_t test_networks[];\n"
        source = '#include "table.h"\n' + "".join(f'#include "{n}.h"\n' for n in names)
        rows = [f"    {{{n.upper()}_ARENA_BYTES, {n.upper()}_OUTPUT_BYTES, {n}_invoke}}," for n in names]
        source += "const test_network_t test_networks[] = {\n" + "\n".join(rows) + "\n};\n"
        (self.folder / "table.h").write_text(header)
        (self.folder / "table.c").write_text(source)

    @property
    def sources(self) -> list[Path]:
        networks = [self.folder / f"net_{model.index}.c" for model in self.models.values()]
        return [
            *networks,
            self.folder / "table.c",
            C_DIR / "hooks.c",
            *sorted((FIRMWARE / "lib/nn").glob("*.c")),
        ]

    @property
    def includes(self) -> list[Path]:
        return [self.folder, C_DIR, FIRMWARE / "lib" / "nn", FIRMWARE / "lib" / "ecg"]

    def library(self) -> ctypes.CDLL:
        if self._library is None:
            output = self.folder / "networks.so"
            compile_c(self.sources, self.includes, [*OPTIMISE_FLAGS, _TRACE], output, "shared")
            self._library = ctypes.CDLL(str(output))
        return self._library

    def runner(self) -> Path:
        if self._runner is None:
            sources = [*self.sources, C_DIR / "runner.c"]
            flags = [*SANITIZE_FLAGS, _TRACE]
            self._runner = compile_c(sources, self.includes, flags, self.folder / "runner", "executable")
        return self._runner

    def run(self, backend: str, model: Model, inputs: list[list[np.ndarray]]) -> Result:
        return {"c": self._run_c, "sanitized": self._run_sanitized, "reference": self._run_reference}[
            backend
        ](model, model.arenas(inputs))

    def _run_c(self, model: Model, arenas: np.ndarray) -> Result:
        lib = self.library()
        invoke = getattr(lib, f"net_{model.index}_invoke")
        layer_bytes = model.network.trace_bytes
        buffer = (ctypes.c_int8 * 65536).in_dll(lib, "test_layers")
        count = ctypes.c_uint32.in_dll(lib, "test_layers_count")
        outputs = np.zeros((len(arenas), model.output_bytes), np.int8)
        layers = np.zeros((len(arenas), layer_bytes), np.int8)
        for k, arena in enumerate(arenas):
            count.value = 0
            invoke(arena.ctypes.data_as(ctypes.c_void_p), outputs[k].ctypes.data_as(ctypes.c_void_p))
            assert count.value == layer_bytes <= len(buffer)
            layers[k] = np.frombuffer(buffer, np.int8, layer_bytes)
        return Result(outputs, layers)

    def _run_sanitized(self, model: Model, arenas: np.ndarray) -> Result:
        done = subprocess.run(
            [str(self.runner()), str(model.index)], input=arenas.tobytes(), capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr.decode(errors="replace")[:2000]
        rows = np.frombuffer(done.stdout, np.int8).reshape(len(arenas), -1)
        return Result(rows[:, : model.output_bytes], rows[:, model.output_bytes :])

    def _run_reference(self, model: Model, arenas: np.ndarray) -> Result:
        # Only the kernels are worth compiling: the generated list of calls runs once for each inference.
        invoke = getattr(model.module.net_invoke, "py_func", model.module.net_invoke)
        outputs = np.zeros((len(arenas), model.output_bytes), np.int8)
        layers = np.zeros((len(arenas), model.module.NET_TRACE_BYTES), np.int8)
        for k, arena in enumerate(arenas):
            invoke(arena, outputs[k], layers[k])
        return Result(outputs, layers)


def oracle(content: bytes, inputs: list[list[np.ndarray]], outputs: int = 1) -> np.ndarray:
    """Outputs of TensorFlow Lite Micro's interpreter, one row for each inference."""
    from tflite_micro.python.tflite_micro import runtime

    interpreter = runtime.Interpreter.from_bytes(content, arena_size=1 << 19)
    rows = []
    for xs in inputs:
        for i, x in enumerate(xs):
            interpreter.set_input(x, i)
        interpreter.invoke()
        rows.append(np.concatenate([interpreter.get_output(k).ravel() for k in range(outputs)]))
    return np.array(rows)


__all__ = ["Model", "Result", "Suite", "generic_c", "oracle"]
