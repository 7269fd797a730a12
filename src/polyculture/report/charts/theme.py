"""Colours and letters of all charts, on light paper and on dark."""

from __future__ import annotations

from typing import Any

FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Noto Sans CJK SC", sans-serif'
LIGHT = {
    "paper": "#ffffff",
    "ink": "#1c2127",
    "soft": "#5a6570",
    "line": "#d5dbe1",
    "first": "#0b62b8",
    "second": "#b04a00",
    "third": "#5f6b76",
    "band": "#c9def2",
}
DARK = {
    "paper": "#14181c",
    "ink": "#e4e8ec",
    "soft": "#9da8b3",
    "line": "#38414a",
    "first": "#6db3f7",
    "second": "#f2a05c",
    "third": "#a9b4be",
    "band": "#274766",
}
# colours that those who confuse red and green tell apart (Okabe and Ito 2008), darker on light paper
LIGHT_KINDS = ["#0b62b8", "#b04a00", "#00795a", "#8f4a86", "#7a6400", "#1d7ea8", "#a8324a", "#4d5965"]
DARK_KINDS = ["#6db3f7", "#f2a05c", "#4fcaa4", "#d79ad0", "#d9c24a", "#7fd0f0", "#f08a9c", "#b6c0ca"]
LIGHT_SCALES = {
    "ramp": ["#eef4fa", "#6fa6d8"],
    "diverging": ["#7fb0dd", "#f5f6f7", "#ea9a55"],
    "incidence": ["#b04a00", "#e9edf1"],
}
DARK_SCALES = {
    "ramp": ["#1d2833", "#2f6ca8"],
    "diverging": ["#2f6ca8", "#20262c", "#a85a1c"],
    "incidence": ["#f2a05c", "#262d34"],
}


def themes() -> dict[str, Any]:
    """Vega-Lite configurations for ``light`` and ``dark``."""
    return {"light": _theme(LIGHT, LIGHT_KINDS, LIGHT_SCALES), "dark": _theme(DARK, DARK_KINDS, DARK_SCALES)}


def _theme(colour: dict[str, str], kinds: list[str], scales: dict[str, list[str]]) -> dict[str, Any]:
    letters = {"labelColor": colour["ink"], "titleColor": colour["soft"], "labelFontSize": 12, "titleFontSize": 12}
    axis = letters | {
        "gridColor": colour["line"],
        "domainColor": colour["soft"],
        "tickColor": colour["line"],
        "labelLimit": 170,
        "titleFontWeight": "normal",
        "labelPadding": 5,
        "domain": False,
    }
    return {
        "aria": False,
        "background": None,
        "font": FONT,
        "padding": 4,
        "view": {"stroke": None},
        "axis": axis,
        "legend": letters | {"title": None, "orient": "top", "symbolStrokeWidth": 2, "labelLimit": 240},
        "header": {"labelColor": colour["ink"], "title": None, "labelFontSize": 12, "labelLimit": 200},
        "range": {"category": kinds, "heatmap": scales["ramp"], **scales},
        "style": _styles(colour),
    }


def _styles(colour: dict[str, str]) -> dict[str, Any]:
    return {
        "whisker": {"color": colour["soft"], "strokeWidth": 1.6},
        "over": {"color": colour["ink"], "strokeWidth": 1.4},
        "dot": {"filled": True, "size": 70, "opacity": 1},
        "cloud": {"filled": True, "size": 26, "opacity": 0.55, "color": colour["first"]},
        "quantity": {"color": colour["first"], "opacity": 0.8},
        "against": {"color": colour["second"], "opacity": 0.8},
        "zero": {"color": colour["soft"], "strokeWidth": 1},
        "chance": {"color": colour["second"], "strokeWidth": 2, "strokeDash": [5, 3]},
        "expected": {"color": colour["second"], "thickness": 2.5},
        "band": {"color": colour["first"], "opacity": 0.18},
        "outline": {"color": colour["ink"], "strokeWidth": 1.5},
        "tile": {"stroke": colour["paper"], "strokeWidth": 1.5},
        "branch": {"color": colour["soft"], "strokeWidth": 1.2},
        "edge": {"color": colour["first"], "opacity": 0.35},
        "node": {"filled": True, "opacity": 1, "stroke": colour["paper"]},
        "words": {"color": colour["ink"], "fontSize": 11.5},
        "faint": {"color": colour["soft"], "fontSize": 11},
    }
