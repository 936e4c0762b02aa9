"""The score as one HTML page that needs nothing else: no script, no font, no picture from elsewhere."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

from host_tools.ec57 import CLASSES, line_scores, pooled_columns, rates_of
from host_tools.summary import DISCLAIMER

from .result import ScoreResult, class_figures, figures_text, fusion_note

#: Drawing area of a panel of bars, CSS pixels; longer names below the bars make it higher.
_PANEL_WIDTH, _PANEL_HEIGHT = 1120, 132
_LEFT, _TOP, _BOTTOM = 44, 10, 34
#: Room for a character of a label, CSS pixels; a record's name is cut after so many, in labels alone.
_CHARACTER, _LABEL_CHARACTERS = 8, 24
_SE_COLOUR, _PPV_COLOUR = "#24708f", "#dd8f3d"
#: Upper ends of an axis.
_NICE = (1, 2, 5, 10, 20, 50, 100)

_STYLE = """
body{font:14px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;color:#1c2733;background:#fff;
 max-width:1160px;margin:24px auto;padding:0 20px}
h1{font-size:22px;margin:0 0 4px}h2{font-size:15px;margin:24px 0 6px}.dim{color:#66727e}
.tiles{display:flex;gap:12px;margin:16px 0}
.tile{flex:1;border:1px solid #d9dfe4;border-radius:8px;padding:10px 14px}
.tile b{display:block;font-size:13px;color:#66727e;font-weight:600}.tile span{font-size:21px;font-weight:600}
.tile small{color:#66727e}
.pair{display:flex;gap:36px;flex-wrap:wrap}table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{padding:3px 9px;text-align:right;border-bottom:1px solid #e6eaed}th{color:#66727e;font-weight:600}
.matrix td,.matrix th{border:2px solid #fff;padding:4px 8px;min-width:52px}
.matrix small{display:block;font-size:11px}
.records td:first-child,.records th:first-child{text-align:left}
.records tr.total td{font-weight:600;border-top:2px solid #1c2733}
.key i{display:inline-block;width:11px;height:11px;border-radius:2px;margin:0 5px 0 14px;vertical-align:-1px}
svg{display:block;font:11px system-ui,sans-serif}svg text{fill:#66727e}
@media print{body{margin:0}h2{break-after:avoid}tr{break-inside:avoid}}
"""


def _number(share: float) -> str:
    return f"{100 * share:.2f}" if math.isfinite(share) else "–"


def _tiles(result: ScoreResult) -> str:
    gross, average = result.gross(), result.average()
    tiles = []
    for k, name in enumerate(("QRS detection", "Ventricular (V)", "Supraventricular (S)")):
        se, ppv = gross[2 * k], gross[2 * k + 1]
        tiles.append(
            f'<div class="tile"><b>{name}</b><span>{_number(se)} / {_number(ppv)}</span> '
            f"<small>Se / +P %, gross</small><br><small>average {_number(average[2 * k])} / "
            f"{_number(average[2 * k + 1])}</small></div>"
        )
    return f'<div class="tiles">{"".join(tiles)}</div>'


def _matrix(matrix: NDArray[np.int64], title: str) -> str:
    heads = "".join(f"<th>{'missed' if name == 'O' else name.lower()}</th>" for name in CLASSES)
    rows = []
    for i, (name, row) in enumerate(zip(CLASSES, matrix.tolist(), strict=True)):
        total = sum(row)
        cells = []
        for j, count in enumerate(row):
            if i == j == len(CLASSES) - 1:
                cells.append("<td></td>")
                continue
            share = count / total if total else 0.0
            # The square root lets small shares be seen.
            tint = (36, 112, 143) if i == j else (201, 72, 60)
            strength = math.sqrt(share) * 0.85
            colour = ",".join(str(round(255 + strength * (c - 255))) for c in tint)
            ink = "#fff" if strength > 0.55 else "#1c2733"
            cells.append(
                f'<td style="background:rgb({colour});color:{ink}">{count:,}'
                f"<small>{100 * share:.1f} %</small></td>"
            )
        rows.append(f"<tr><th>{'extra' if name == 'O' else name}</th>{''.join(cells)}</tr>")
    return (
        f'<div><p class="dim">{title}</p><table class="matrix"><tr><th></th>{heads}</tr>'
        f"{''.join(rows)}</table></div>"
    )


def _axis_end(series: Sequence[Sequence[float]]) -> int:
    """Round end of an axis for these percentages."""
    known = [v for values in series for v in values if math.isfinite(v)]
    return next((n for n in _NICE if n >= max(known, default=0)), 100)


def _label(record: str) -> str:
    return record if len(record) <= _LABEL_CHARACTERS else f"{record[: _LABEL_CHARACTERS - 1]}…"


def _panel(
    title: str, records: Sequence[str], series: Sequence[Sequence[float]], names: Sequence[str], top: int
) -> str:
    """Draw two bars a record, up to ``top`` %; ``series`` in percent, NaN where there is no figure."""
    height = _PANEL_HEIGHT - _TOP - _BOTTOM
    labels = [_label(record) for record in records]
    bottom = max([_BOTTOM, *(6 + _CHARACTER * len(label) for label in labels)])
    slot = (_PANEL_WIDTH - _LEFT) / max(1, len(records))
    width = min(14.0, slot * 0.36)
    parts = []
    for tick in (0, top / 2, top):
        y = _TOP + height * (1 - tick / top)
        parts.append(
            f'<line x1="{_LEFT}" x2="{_PANEL_WIDTH}" y1="{y:.1f}" y2="{y:.1f}" stroke="#e6eaed"/>'
            f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{tick:g}</text>'
        )
    for k, record in enumerate(records):
        middle = _LEFT + slot * (k + 0.5)
        for offset, values, colour, name in zip(
            (-width, 0), series, (_SE_COLOUR, _PPV_COLOUR), names, strict=True
        ):
            if math.isfinite(values[k]):
                bar = max(0.6, height * min(1.0, values[k] / top))
                parts.append(
                    f'<rect x="{middle + offset:.1f}" y="{_TOP + height - bar:.1f}" '
                    f'width="{width - 0.6:.1f}" height="{bar:.1f}" fill="{colour}">'
                    f"<title>{escape(record)}: {name} {values[k]:.2f} %</title></rect>"
                )
        parts.append(
            f'<text transform="translate({middle + 4:.1f},{_TOP + height + 6}) rotate(-90)" '
            f'text-anchor="end">{escape(labels[k])}</text>'
        )
    key = "".join(
        f'<i style="background:{colour}"></i>{name}'
        for colour, name in zip((_SE_COLOUR, _PPV_COLOUR), names, strict=True)
    )
    return (
        f'<h2>{title} <span class="key dim" style="font-weight:400">{key}</span></h2>'
        f'<svg viewBox="0 0 {_PANEL_WIDTH} {_TOP + height + bottom}" width="100%" role="img" '
        f'aria-label="{title}">'
        f"{''.join(parts)}</svg>"
    )


def _bars(result: ScoreResult) -> str:
    records = [r.line.name for r in result.records]
    shares = np.array([rates_of(r.scores) for r in result.records]).T * 100
    errors = (100 - shares[0], 100 - shares[1])
    panels = [_panel("QRS errors per record, %", records, errors, ("missed", "false"), _axis_end(errors))]
    for k, name in ((2, "Ventricular beats per record, %"), (4, "Supraventricular beats per record, %")):
        panels.append(_panel(name, records, (shares[k], shares[k + 1]), ("Se", "+P"), 100))
    return "".join(panels)


def _table(result: ScoreResult) -> str:
    head = "".join(
        f"<th>{name}</th>" for kind in ("QRS", "V", "S") for name in (f"{kind} beats", "Se %", "+P %")
    )
    rows = []
    for record in result.records:
        cells = "".join(
            f"<td>{score.tp + score.fn:,}</td>"
            + "".join(f"<td>{_number(rate)}</td>" for rate in rates_of([score]))
            for score in record.scores
        )
        error = record.line.comparison.rr_error_ms
        rr = f"{error:.2f}" if math.isfinite(error) else "–"
        rows.append(f"<tr><td>{escape(record.line.name)}</td>{cells}<td>{rr}</td></tr>")
    beats = [f"{score.tp + score.fn:,}" for score in line_scores(pooled_columns(result.lines))]
    for name, counts, rates in (
        ("Gross", beats, result.gross()),
        ("Average", ["", "", ""], result.average()),
    ):
        cells = "".join(
            f"<td>{counts[k]}</td><td>{_number(rates[2 * k])}</td><td>{_number(rates[2 * k + 1])}</td>"
            for k in range(3)
        )
        rows.append(f'<tr class="total"><td>{name}</td>{cells}<td></td></tr>')
    return (
        f'<h2>Per record</h2><table class="records"><tr><th>record</th>{head}<th>RR error ms</th></tr>'
        f"{''.join(rows)}</table>"
    )


def page(result: ScoreResult) -> str:
    """Compose the page.

    Parameters
    ----------
    result : ScoreResult
        From :func:`~host_tools.score.result.score_tasks`.

    Returns
    -------
    str
        HTML.
    """
    o = result.options
    note = fusion_note(result.matrix)
    end = f" to {o['end']}" if o["end"] is not None else " to the end"
    title = {"bxb": "bxb's mapping (e, j are S)", "dechazal": "de Chazal's mapping (e, j are N)"}
    untested = (
        f'<p class="dim">Not scored, no test annotations: {escape(", ".join(result.untested))}.</p>'
        if result.untested
        else ""
    )
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>BitBeat score</title><style>{_STYLE}</style></head><body>
<h1>Beat-by-beat score</h1>
<div class="dim">{escape(", ".join(o["test"]))} against {escape(", ".join(o["ref"]))};
{len(result.records)} record{"s" if len(result.records) != 1 else ""}, from {escape(o["start"])}{escape(end)};
{escape(o["standard"])}; match window {o["window_ms"]:g} ms; {title[result.mapping]}</div>
{_tiles(result)}
<div>{escape(figures_text(class_figures(result.matrix)))}.</div>
{f'<p class="dim">{escape(note)}</p>' if note else ""}{untested}
<h2>Confusion, all records: rows reference, columns test</h2>
<div class="pair">{_matrix(result.matrix, title[result.mapping])}
{_matrix(result.other_matrix, title[result.other_mapping])}</div>
{_bars(result)}
{_table(result)}
<p class="dim">{escape(DISCLAIMER)}</p>
</body></html>
"""
