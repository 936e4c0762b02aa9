"""Marked places in documents, which the commands that measure write anew; tables for them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from host_tools.writing import renaming


@dataclass(frozen=True)
class Place:
    """A marked place: its name, and the command that writes it."""

    name: str
    command: str

    @property
    def begin(self) -> str:
        """Return the mark before it."""
        return f"<!-- {self.name}: written by {self.command} -->"

    @property
    def end(self) -> str:
        """Return the mark after it."""
        return f"<!-- end of {self.name} -->"

    def replaced(self, text: str, new: str) -> str | None:
        """Return a document's text with what stands in the place replaced; None without the place."""
        if self.begin not in text or self.end not in text.split(self.begin, 1)[1]:
            return None
        head, rest = text.split(self.begin, 1)
        return f"{head}{self.begin}\n\n{new}\n{self.end}{rest.split(self.end, 1)[1]}"

    def write(self, new: str, documents: Iterable[Path]) -> list[Path]:
        """Write ``new`` into those documents that have the place; returns them."""
        written = []
        for path in documents:
            if path.is_file() and (text := self.replaced(path.read_text(), new)) is not None:
                with renaming(path) as aside:
                    aside.write_text(text)
                written.append(path)
        return written


def markdown_table(heads: Sequence[str], rows: Iterable[Sequence[str]], right: Collection[str] = ()) -> str:
    """Return a Markdown table; the columns whose heads are in ``right`` are flush right."""
    head, *others = ("| " + " | ".join(line) + " |" for line in (heads, *rows))
    marks = "|".join("---:" if name in right else "---" for name in heads)
    return "\n".join([head, f"|{marks}|", *others, ""])
