"""View models into HTML, by the templates in templates/."""

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from telemetry_pipeline.dashboard import assets, filters
from telemetry_pipeline.dashboard.anonymity import Hidden
from telemetry_pipeline.dashboard.units import plain, shown

_SPARK_WIDTH = 100
_SPARK_HEIGHT = 24
_SHADES = 10


def render(template: str, **values: object) -> str:
    """A page in HTML."""
    return _environment().get_template(template).render(**values)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("telemetry_pipeline.dashboard"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(shown=shown, plain=plain, paragraphs=_paragraphs, spark=_spark, shade=_shade)
    environment.tests["hidden"] = lambda value: isinstance(value, Hidden)
    environment.globals.update(asset=assets.address, choices=filters)
    return environment


def _paragraphs(words: str) -> list[str]:
    return [paragraph.replace("\n", " ") for paragraph in words.split("\n\n") if paragraph.strip()]


def _spark(trend: tuple[float | None, ...]) -> str:
    """The path of a sparkline in a box of 100 by 24; it is broken where a value is missing."""
    known = [value for value in trend if value is not None]
    if len(known) < 2:
        return ""
    low, span = min(known), max(known) - min(known)
    steps = []
    is_down = False
    for number, value in enumerate(trend):
        if value is not None:
            x = number * _SPARK_WIDTH / (len(trend) - 1)
            y = 2 + (_SPARK_HEIGHT - 4) * (1 - (value - low) / span if span else 0.5)
            steps.append(f"{'L' if is_down else 'M'}{x:.1f} {y:.1f}")
        is_down = value is not None
    return "".join(steps)


def _shade(value: object, peak: float) -> int:
    """Which of the heat map's ten shades a value has."""
    if not isinstance(value, int | float) or not peak:
        return 0
    return min(_SHADES, round(float(value) / peak * _SHADES))
