// A chart's legend: which line is which, their values under the pointer, and a switch for each.

import { partner } from "./table.js";

const SVG = "http://www.w3.org/2000/svg";

/** @returns {{tell: (row: number|null) => void}} */
export function legend(panel, data, look, kind, onSwitch) {
  const list = panel.querySelector(".legend");
  const at = item();
  at.className = "at";
  const outputs = data.columns.map(() => document.createElement("output"));
  const items = data.columns.map((column, number) => entry(column, sample(look, data, number, kind), outputs[number], (isShown) => onSwitch(number, isShown)));
  list.replaceChildren(...(data.columns.length > 1 ? items : []), at);
  list.hidden = false;
  return { tell };

  function tell(row) {
    at.textContent = row === null ? "\u00a0" : sentence(row);
    outputs.forEach((output, number) => (output.textContent = row === null ? "" : data.shown[row][number]));
  }

  function sentence(row) {
    return data.columns.length > 1 ? data.names[row] : `${data.names[row]}: ${data.shown[row][0]}`;
  }
}

function item(...content) {
  const made = document.createElement("li");
  made.append(...content);
  return made;
}

function entry(column, picture, output, onSwitch) {
  const button = document.createElement("button");
  button.type = "button";
  button.setAttribute("aria-pressed", "true");
  button.append(picture, column.label, output);
  button.addEventListener("click", () => {
    const isShown = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(isShown));
    onSwitch(isShown);
  });
  return item(button);
}

function sample(look, data, number, kind) {
  const { isPast } = data.columns[number];
  const { colour, dash } = look.series(partner(data, number));
  const picture = document.createElementNS(SVG, "svg");
  picture.setAttribute("viewBox", "0 0 20 12");
  picture.setAttribute("aria-hidden", "true");
  const mark = document.createElementNS(SVG, kind === "lines" ? "path" : "rect");
  const shape = kind === "lines" ? { d: "M0 6H20", stroke: colour, "stroke-width": 2.5, "stroke-dasharray": (isPast ? [3, 4] : dash).join(" ") } : { width: 12, height: 12, x: 4, rx: 2, fill: colour, opacity: isPast ? 0.4 : 1 };
  for (const [name, value] of Object.entries(shape)) mark.setAttribute(name, value);
  picture.append(mark);
  return picture;
}
