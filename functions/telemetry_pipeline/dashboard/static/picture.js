// A panel as a PNG: its title, its legend and its chart, or its table where that is the chart.
import { partner } from "./table.js";
import { theme } from "./theme.js";

const WIDTH = 960;
const MARGIN = 24;
const LINE = 26;
const SCALE = 2;

export async function pictureOf(panel, plot) {
  const title = panel.querySelector("h2").textContent.trim();
  const about = panel.querySelector(".about")?.textContent.trim() ?? "";
  const canvas = plot ? withChart(plot, title, about) : withTable(panel, title, about);
  const blob = await new Promise((done) => canvas.toBlob(done, "image/png"));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = `${panel.id}.png`;
  link.click();
  URL.revokeObjectURL(link.href);
}

function sheet(height) {
  const canvas = document.createElement("canvas");
  canvas.width = WIDTH * SCALE;
  canvas.height = height * SCALE;
  const pen = canvas.getContext("2d");
  const look = theme();
  pen.scale(SCALE, SCALE);
  pen.fillStyle = look.surface;
  pen.fillRect(0, 0, WIDTH, height);
  return { canvas, pen, look };
}

function heading(pen, look, title, about) {
  write(pen, title, MARGIN, MARGIN + 14, `600 18px ${look.font}`, look.text);
  write(pen, about, MARGIN, MARGIN + 38, `13px ${look.font}`, look.soft);
}

function write(pen, text, x, y, font, colour, align = "left") {
  pen.font = font;
  pen.fillStyle = colour;
  pen.textAlign = align;
  pen.fillText(text, x, y, WIDTH - 2 * MARGIN);
}

function withChart(plot, title, about) {
  const drawn = plot.chart.ctx.canvas;
  const width = WIDTH - 2 * MARGIN;
  const height = (width * drawn.height) / drawn.width;
  const { canvas, pen, look } = sheet(height + 130);
  heading(pen, look, title, about);
  let x = MARGIN;
  plot.data.columns.forEach((column, number) => {
    const { colour } = look.series(partner(plot.data, number));
    pen.fillStyle = colour;
    pen.globalAlpha = column.isPast ? 0.4 : 1;
    pen.fillRect(x, 84, 14, 4);
    pen.globalAlpha = 1;
    write(pen, column.label, x + 20, 90, `13px ${look.font}`, look.soft);
    x += 40 + pen.measureText(column.label).width;
  });
  pen.drawImage(drawn, MARGIN, 106, width, height);
  return canvas;
}

function withTable(panel, title, about) {
  const rows = [...panel.querySelectorAll("tbody tr")];
  const heads = [...panel.querySelectorAll("thead th")];
  const { canvas, pen, look } = sheet(110 + (rows.length + 1) * LINE);
  heading(pen, look, title, about);
  const columns = columnsOf(heads);
  const font = `13px ${look.font}`;
  heads.forEach((head, number) => put(pen, head.textContent.trim(), columns[number], 100, font, look.soft));
  rows.forEach((row, number) => drawRow(pen, look, font, row, columns, 100 + (number + 1) * LINE));
  return canvas;
}

// The first column holds names; numbers share the rest.
function columnsOf(heads) {
  const first = heads.length > 6 ? 120 : 340;
  const step = (WIDTH - 2 * MARGIN - first) / (heads.length - 1);
  const rest = heads.slice(1).map((head, number) => ({ x: MARGIN + first + step * number, width: step, isNumber: head.classList.contains("number") }));
  return [{ x: MARGIN, width: first, isNumber: false }, ...rest];
}

function drawRow(pen, look, font, row, columns, y) {
  [...row.cells].forEach((cell, number) => {
    const { x, width } = columns[number];
    const { backgroundColor, color } = getComputedStyle(cell);
    pen.fillStyle = backgroundColor;
    pen.fillRect(x + 2, y - LINE + 9, width - 4, LINE - 3);
    const bar = cell.querySelector(".bar rect");
    if (bar) drawBar(pen, look, x, (width * bar.getAttribute("width")) / 100, y);
    put(pen, cell.textContent.trim(), columns[number], y, font, number ? color : look.text);
  });
}

function drawBar(pen, look, x, width, y) {
  pen.globalAlpha = 0.22;
  pen.fillStyle = look.series(0).colour;
  pen.fillRect(x, y - LINE + 9, width, LINE - 3);
  pen.globalAlpha = 1;
}

function put(pen, text, { x, width, isNumber }, y, font, colour) {
  write(pen, text, isNumber ? x + width - 8 : x + 4, y, font, colour, isNumber ? "right" : "left");
}
