"""PlatformIO builder for this machine: its compiler, the UART on TCP."""

# mypy: ignore-errors
import os
import shutil
import sys
from os.path import join

from SCons.Script import Default, DefaultEnvironment

env = DefaultEnvironment()
project = env.subst("$PROJECT_DIR")
port = join(project, "ports", "host")
compiler = os.environ.get("CC") or next((name for name in ("cc", "gcc", "clang") if shutil.which(name)), None)
if compiler is None:
    sys.stderr.write("Error: no C compiler is installed (Debian, Ubuntu: sudo apt install gcc libc6-dev)\n")
    env.Exit(2)
env.Replace(
    CC=compiler,
    LINK=compiler,
    AR=shutil.which("ar") or "ar",
    RANLIB=shutil.which("ranlib") or "ranlib",
    SIZETOOL="size",
    PROGNAME="firmware",
    PROGSUFFIX="",
    SIZEPROGREGEXP=r"^(?:\.text|\.rodata|\.data)\s+(\d+).*",
    SIZEDATAREGEXP=r"^(?:\.data|\.bss)\s+(\d+).*",
    SIZECHECKCMD="$SIZETOOL -A -d $SOURCES",
    SIZEPRINTCMD="$SIZETOOL -B -d $SOURCES",
)
env.Append(
    CFLAGS=["-std=c11"],
    CCFLAGS=["-O2", "-g", "-Wall", "-Wextra", "-Wconversion", "-Werror"],
    # the port's ADC uses the core's arithmetic, and is not among the sources whose libraries PlatformIO finds
    CPPPATH=[port, join(project, "src"), join(project, "lib", "ecg")],
)
env.BuildSources(join("$BUILD_DIR", "ports", "host"), port)
program = env.BuildProgram()


def upload(target, source, env):
    """Start the program in the background, its UART on TCP."""
    sys.path.insert(0, join(project, ".."))
    from host_tools.boards import start_board
    from host_tools.errors import BitBeatError

    try:
        running = start_board("host", str(source[0]))
    except BitBeatError as error:
        sys.stderr.write(f"Error: {error}\n")
        return 2
    print(f"{running.board} runs (process {running.pid}); its serial port: {running.url}")
    return 0


env.AddPlatformTarget("upload", program, env.VerboseAction(upload, "Starting $SOURCE"), "Upload")
size = env.VerboseAction("$SIZEPRINTCMD", "Calculating size $SOURCE")
env.AddPlatformTarget("size", program, size, "Program Size")
Default([program, env.Alias("checkprogsize", program, size)])
