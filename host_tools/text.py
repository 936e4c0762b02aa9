"""Text from outside, as text: names, leads and units of files, a device's hello, file names.

A record's name may hold a terminal's escape sequence, a line break, Rich's markup or a spreadsheet's formula.
What is printed goes through :func:`printable` (:func:`new_console` and :class:`PlainStream` see to it), what
is written into a table through :func:`cell`.
"""

from __future__ import annotations

import unicodedata
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

#: What stands for a character that cannot be shown as itself.
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
#: No name is printed longer than this.
LONGEST = 200
#: Categories of characters that do something instead of being shown: controls, formats (which turn the
#: direction of writing), line and paragraph separators.
_ACTING = frozenset(("Cc", "Cf", "Zl", "Zp"))
#: What a spreadsheet takes for the beginning of a formula.
_FORMULA = ("=", "+", "-", "@")


def _shown(character: str, kept: str) -> str:
    if character in kept or unicodedata.category(character) not in _ACTING:
        return character
    return REPLACEMENT


def printable(text: object, *, keep: str = "", longest: int | None = LONGEST) -> str:
    r"""Return text that does nothing but be shown, on one line.

    Parameters
    ----------
    text : object
        Anything; its ``str`` is taken.
    keep : str
        Control characters to keep all the same (line breaks of a message that has several lines).
    longest : int, optional
        Characters at most; the middle of a longer text is left out. None: as long as it is.

    Returns
    -------
    str
        Each character that would act on a terminal or on a line format is replaced by a U+FFFD.

    Examples
    --------
    >>> printable("a\tb")
    'a�b'
    """
    plain = str(text)
    if longest is not None and len(plain) > longest:
        half = (longest - 3) // 2
        plain = f"{plain[:half]}...{plain[-half:]}"
    if plain.isascii() and plain.isprintable():
        return plain
    return "".join(_shown(c, keep) for c in plain)


def cell(text: object) -> str:
    """Return text for a cell of a CSV file: one line, and no formula for a spreadsheet.

    A text that a spreadsheet would calculate gets an apostrophe in front, its own sign for text.
    """
    plain = printable(text, longest=None)
    return f"'{plain}" if plain.lstrip().startswith(_FORMULA) else plain


def new_console(*, stderr: bool = False, file: IO[str] | None = None, width: int | None = None) -> Console:
    """Return the console that all commands print with: what it is given is text, never markup.

    A caller that wants colours gives a ``rich.text.Text`` with a style.
    """
    from rich.console import Console

    class PlainConsole(Console):
        """Reads no markup, names of emoji or escape sequences out of a string."""

        def render_str(self, text: str, **options: Any) -> Any:
            """Return the string as it is; see :func:`printable`."""
            options.update(markup=False, emoji=False)
            return super().render_str(printable(text, keep="\n\t", longest=None), **options)

        @property
        def file(self) -> IO[str]:
            """The stream that takes colours: a live display puts one proxy around another."""
            inside = super().file
            while (proxied := getattr(inside, "rich_proxied_file", None)) is not None:
                inside = proxied
            return inside

        @file.setter
        def file(self, new_file: IO[str]) -> None:
            self._file = new_file

    return PlainConsole(stderr=stderr, file=file, width=width, markup=False, emoji=False, highlight=False)


class PlainStream:
    """A stream of text that passes on no escape sequence: what ``print`` writes to.

    Line breaks stay. Rich writes its colours past it.
    """

    def __init__(self, stream: IO[str]) -> None:
        self.inside = stream
        self.rich_proxied_file = stream  # the name by which Rich looks for the stream that it may colour

    def write(self, text: str) -> int:
        """Write what can be shown of ``text``; bytes are refused, as by any stream of text."""
        if not isinstance(text, str):
            raise TypeError(f"a text is written here, no {type(text).__name__}")
        self.inside.write(printable(text, keep="\n\t\r", longest=None))
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inside, name)
