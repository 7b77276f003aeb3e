// A panel's table as data. The chart is drawn from the table that everybody can read, so they can't differ.

/** @returns {{label: string, unit: string, columns: {label: string, unit: string, isPast: boolean}[], names: string[], values: (number|null)[][]}} */
export function read(panel) {
  const heads = [...panel.querySelectorAll("thead th")];
  const wanted = heads.slice(1).map((head, number) => ({ head, number })).filter(({ head }) => "drawn" in head.dataset);
  const rows = [...panel.querySelectorAll("tbody tr")];
  return {
    label: text(heads[0]),
    unit: heads[0].dataset.unit,
    columns: wanted.map(({ head }) => ({ label: text(head), unit: head.dataset.unit, isPast: "past" in head.dataset })),
    names: rows.map((row) => row.cells[0].dataset.value),
    values: wanted.map(({ number }) => rows.map((row) => numberIn(row.cells[number + 1]))),
    shown: rows.map((row) => wanted.map(({ number }) => text(row.cells[number + 1]))),
  };
}

// What a column is drawn like: one of the past like the one that it is compared with, which follow in the same order.
export function partner(data, number) {
  const { isPast } = data.columns[number];
  return data.columns.slice(0, number).filter((one) => one.isPast === isPast).length;
}

function text(element) {
  return element.textContent.trim();
}

function numberIn(cell) {
  return cell.dataset.value === undefined || cell.dataset.value === "" ? null : Number(cell.dataset.value);
}
