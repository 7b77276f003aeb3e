// Values on axes, as the server writes them in tables.

const grouped = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
const short = new Intl.NumberFormat("en", { maximumFractionDigits: 1, notation: "compact" });
const percent = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

export function onAxis(value, unit) {
  if (value === null) return "";
  if (unit === "rate" || unit === "share") return `${percent.format(value * 100)} %`;
  if (unit === "milliseconds") return `${grouped.format(value)} ms`;
  return Math.abs(value) < 10000 ? grouped.format(value) : short.format(value);
}

export function isoDay(seconds) {
  return new Date(seconds * 1000).toISOString().slice(0, 10);
}
