"""PlatformIO builder of the emulated boards: the system's compilers, and QEMU as the board."""

# mypy: ignore-errors
import shutil
import sys
from os.path import join

from SCons.Script import Default, DefaultEnvironment

env = DefaultEnvironment()
board = env.BoardConfig()
project = env.subst("$PROJECT_DIR")
sys.path.insert(0, join(project, ".."))

prefix = board.get("build.toolchain")
if shutil.which(prefix + "gcc") is None:
    packages = " ".join(board.get("apt"))
    sys.stderr.write(
        f"Error: {prefix}gcc is not installed (Debian, Ubuntu: sudo apt install --no-install-recommends "
        f"{packages}, or make toolchains)\n"
    )
    env.Exit(2)

cpu_flags = board.get("build.cpu_flags")
ports = [join(project, "ports", name) for name in board.get("build.ports")]
ldscript = join(project, "ports", *board.get("build.ldscript").split("/"))
# the flags that choose libgcc among those installed, where they are not those of the code
link_flags = board.get("build.link_flags", cpu_flags)

WARNINGS = ("-Wall", "-Wextra", "-Wconversion", "-Werror")
# The folder's name is put in here: SCons would split one with a space, and -Wl one with a comma.
MAP = ("-Xlinker", "-Map=" + join(env.subst("$BUILD_DIR"), "firmware.map"))
LINKER = ("-Wl,--gc-sections", "-Wl,--no-warn-rwx-segments", *MAP)

env.Replace(
    AR=prefix + "gcc-ar",
    AS=prefix + "gcc",
    CC=prefix + "gcc",
    CXX=prefix + "g++",
    LINK=prefix + "gcc",
    RANLIB=prefix + "gcc-ranlib",
    OBJCOPY=prefix + "objcopy",
    SIZETOOL=prefix + "size",
    PROGNAME="firmware",
    PROGSUFFIX=".elf",
    SIZEPROGREGEXP=r"^(?:\.text|\.rodata|\.data|\.ARM\.exidx)\s+(\d+).*",
    SIZEDATAREGEXP=r"^(?:\.data|\.bss)\s+(\d+).*",
    SIZECHECKCMD="$SIZETOOL -A -d $SOURCES",
    SIZEPRINTCMD="$SIZETOOL -B -d $SOURCES",
    LDSCRIPT_PATH=ldscript,
)
env.Append(
    ASFLAGS=cpu_flags,
    ASPPFLAGS=["-x", "assembler-with-cpp"],
    CFLAGS=["-std=c11"],
    CCFLAGS=[*cpu_flags, *WARNINGS, "-O2", "-g", "-ffreestanding", "-ffunction-sections", "-fdata-sections"],
    CPPDEFINES=[tuple(text.split("=", 1)) if "=" in text else text for text in board.get("build.defines")],
    CPPPATH=[*ports, join(project, "src")],
    LIBPATH=ports,
    LIBS=board.get("build.libs", ["gcc"]),
    LINKFLAGS=[*link_flags, "-nostdlib", "-nostartfiles", *LINKER],
)
for folder in ports:
    env.BuildSources(join("$BUILD_DIR", "ports", folder.rsplit("ports", 1)[1].strip("/\\")), folder)
program = env.BuildProgram()


def upload(target, source, env):
    """Start QEMU with the image in the background, its UART on TCP."""
    from host_tools.boards import start_board
    from host_tools.errors import BitBeatError

    try:
        running = start_board(env.subst("$BOARD"), str(source[0]))
    except BitBeatError as error:
        sys.stderr.write(f"Error: {error}\n")
        return 2
    print(f"{running.board} runs (process {running.pid}); its serial port: {running.url}")
    return 0


env.AddPlatformTarget("upload", program, env.VerboseAction(upload, "Starting QEMU with $SOURCE"), "Upload")
size = env.VerboseAction("$SIZEPRINTCMD", "Calculating size $SOURCE")
env.AddPlatformTarget("size", program, size, "Program Size")
Default([program, env.Alias("checkprogsize", program, size)])
