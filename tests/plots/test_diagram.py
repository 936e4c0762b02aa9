"""Oracle: the committed picture, drawn anew byte for byte."""

from __future__ import annotations

from pathlib import Path

from matplotlib.image import imread

from host_tools.plots import plot_chain_diagram

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_committed_picture_is_this_one(tmp_path):
    drawn = plot_chain_diagram(tmp_path / "chain.svg")
    assert drawn.read_bytes() == (DOCS / "chain.svg").read_bytes(), (
        'draw it anew: python -c "from host_tools.plots import plot_chain_diagram as draw; '
        "draw('docs/chain.svg'); draw('docs/chain.png')\""
    )


def test_card_is_opaque_so_that_it_is_legible_on_dark_pages(tmp_path):
    picture = imread(plot_chain_diagram(tmp_path / "chain.png"))
    assert picture.shape[2] == 4
    assert picture[0, 0, 3] == 0, "outside the rounded corner the page shows through"
    assert picture[20:-20, 20:-20, 3].min() == 1
