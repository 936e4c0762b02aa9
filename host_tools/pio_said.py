"""What PlatformIO, compilers, linkers and uploaders say when they give up, as one line."""

from __future__ import annotations

import re

from host_tools.boards import EMULATED

#: What PlatformIO says when its registry, or what comes from there, cannot be had.
_NO_REGISTRY = ("HTTPClientError", "InternetConnectionError", "ConnectionError:", "ConnectTimeout")

NO_REGISTRY_ADVICE = (
    "its compiler and framework come from PlatformIO's registry, which cannot be reached: connect to "
    f"the internet and try again, or take an emulated board ({', '.join(EMULATED)})"
)

#: The path that gcc puts before what its linker says.
_LINKER = re.compile(r"^\S*?(?:bin|libexec)/\S*?(?:ld|ld\.\w+|collect2)(?:\.exe)?: ")
#: From the likeliest cause to the least telling; of each, the first line counts.
_CAUSES = (
    re.compile(r"\b(?:fatal )?error\b: (?!ld returned)"),
    re.compile(
        r"undefined reference|undefined symbol|multiple definition|cannot find |overflowed by|will not fit in"
        r"|No space left"
    ),
    re.compile(r"A fatal error occurred|could not open port|Errno|Permission denied|failed to connect"),
    re.compile(r"Error: "),
    re.compile(r"^\*\*\* "),
)


def reason(output: str, may_download: bool) -> str:
    """Return in one line why PlatformIO gave up.

    Parameters
    ----------
    output : str
        All that it said.
    may_download : bool
        The board takes its compiler from PlatformIO's registry.
    """
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    if may_download and any(word in line for line in lines for word in _NO_REGISTRY):
        return NO_REGISTRY_ADVICE
    what = "could not be flashed" if "*** [upload]" in output else "the firmware does not build"
    for cause in _CAUSES:
        for line in lines:
            if cause.search(line):
                return f"{what}: {_LINKER.sub('', line)}"
    told = [line for line in lines if not set(line) <= {"=", "-", "*"} and not line.startswith("====")]
    return f"{what}: {told[-1] if told else 'PlatformIO gave no message'}"
