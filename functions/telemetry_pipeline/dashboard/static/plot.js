// Lines, columns and stacked columns by uPlot, from a panel's table.
import { legend } from "./legend.js";
import { partner, read } from "./table.js";
import { theme } from "./theme.js";
import { isoDay, onAxis } from "./units.js";

const HEIGHT = 256;
const NAME_WIDTH = 64;

/** Draws a panel's chart; `redraw` draws it anew in the colours of the moment. */
export function plot(panel) {
  const place = panel.querySelector(".plot");
  const data = read(panel);
  const kind = panel.dataset.kind;
  const one = { chart: null, data, redraw };

  function redraw() {
    one.chart?.destroy();
    place.replaceChildren();
    const look = theme();
    const names = legend(panel, data, look, kind, (number, isShown) => one.chart.setSeries(seriesOf(kind, data, number), { show: isShown }));
    one.chart = new uPlot(options(place, data, kind, look, names), aligned(data, kind), place);
  }

  redraw();
  new ResizeObserver(() => one.chart.setSize({ width: place.clientWidth, height: HEIGHT })).observe(place);
  return one;
}

function isByTime(data) {
  return /^\d{4}-\d\d-\d\d$/.test(data.names[0] ?? "");
}

function aligned(data, kind) {
  const across = data.names.map((name, number) => placeOf(data, name, number));
  return [across, ...(kind === "stacked" ? stacked(data.values) : data.values)];
}

// Along the axis: a day, a number, or else one name after the other.
function placeOf(data, name, number) {
  if (isByTime(data)) return Date.parse(`${name}T00:00:00Z`) / 1000;
  return data.unit === "count" ? Number(name) : number;
}

// The last series stands below the line; the others are drawn from the whole down, each over the one that holds it.
function stacked(values) {
  const above = values.slice(0, -1);
  const sums = above.map((_, number) => above[0].map((_, row) => sum(above.slice(0, number + 1).map((one) => one[row]))));
  return [...sums.reverse(), values.at(-1).map((value) => (value === null ? null : -value))];
}

function sum(numbers) {
  return numbers.reduce((total, number) => total + (number ?? 0), 0);
}

// Where a column of the table is among uPlot's series.
export function seriesOf(kind, data, number) {
  return kind === "stacked" && number < data.columns.length - 1 ? data.columns.length - 1 - number : number + 1;
}

function columnOf(kind, data, series) {
  return kind === "stacked" && series < data.columns.length ? data.columns.length - 1 - series : series - 1;
}

function options(place, data, kind, look, names) {
  const byTime = isByTime(data);
  return {
    width: place.clientWidth,
    height: HEIGHT,
    padding: [12, 24, 0, 0],
    legend: { show: false },
    cursor: { points: { show: kind === "lines" }, y: false, drag: { x: false, y: false } },
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
    scales: { x: { time: byTime, range: edges(data, kind, byTime) }, y: isByScale(data) ? { distr: 3 } : { range: heights } },
    axes: [acrossAxis(data, look, byTime), upAxis(data, look)],
    series: [{}, ...data.columns.map((_, number) => series(kind, data, look, number + 1))],
    hooks: { setCursor: [(chart) => names.tell(chart.cursor.idx ?? null)] },
  };
}

function edges(data, kind, byTime) {
  if (kind === "lines") return (_, low, high) => (low === high ? [low - 1, high + 1] : [low, high]);
  const margin = byTime ? 86400 * 4 : 0.6;
  return (_, low, high) => [low - margin, high + margin];
}

// Durations of requests differ by orders of magnitude.
function isByScale(data) {
  return data.columns.every((column) => column.unit === "milliseconds");
}

function heights(_, low, high) {
  const [from, to] = uPlot.rangeNum(Math.min(0, low ?? 0), high || 1, 0.05, true);
  return [low >= 0 ? 0 : from, to];
}

function series(kind, data, look, number) {
  const column = columnOf(kind, data, number);
  const { colour, dash } = look.series(partner(data, column));
  const { isPast } = data.columns[column];
  if (kind === "lines") return line(colour, isPast ? [3, 4] : dash, isPast, data.names.length < 9);
  const two = kind === "columns" && data.columns.length === 2;
  const paths = uPlot.paths.bars({ size: two ? [0.36, 60] : [0.72, 44], align: two ? (number === 1 ? -1 : 1) : 0 });
  return { fill: colour, stroke: look.surface, width: kind === "stacked" ? 1 : 0, paths, points: { show: false }, alpha: isPast ? 0.4 : 1 };
}

function line(stroke, dash, isPast, few) {
  return { stroke, width: isPast ? 1.25 : 2, dash, points: { show: few }, spanGaps: false, alpha: isPast ? 0.75 : 1 };
}

function axis(look) {
  return {
    stroke: look.soft,
    font: `12px ${look.font}`,
    grid: { stroke: look.line, width: 1 },
    ticks: { show: false },
    border: { show: false },
  };
}

// Marks stand where data is, so far apart that their names don't touch.
function acrossAxis(data, look, byTime) {
  const values = byTime
    ? (_, splits) => splits.map((split) => isoDay(split).slice(5))
    : (_, splits) => splits.map((split) => (data.unit === "count" ? String(split) : (data.names[split] ?? "")));
  const splits = (chart) => {
    const step = Math.ceil((data.names.length * NAME_WIDTH) / chart.width);
    return chart.data[0].filter((_, number) => number % step === 0);
  };
  return { ...axis(look), size: 28, grid: { show: false }, splits, values };
}

function upAxis(data, look) {
  const unit = data.columns[0]?.unit;
  const own = { ...axis(look), size: unit === "milliseconds" ? 72 : 56, values: (_, splits) => splits.map((split) => onAxis(split, unit)) };
  if (!isByScale(data)) return own;
  const filter = (_, splits) => splits.map((split) => (/^[125]0*$/.test(String(split)) ? split : null));
  return { ...own, filter, grid: { ...own.grid, filter } };
}
