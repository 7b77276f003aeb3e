// @vitest-environment node
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import ts from "typescript";
import { expect, it } from "vitest";

import { reference } from "../scripts/reference.mjs";
import { BUDGETS, FORMER, size } from "../scripts/sizes.mjs";

const DOCS = join("..", "..", "docs", "clients");
const page = readFileSync(join(DOCS, "web.md"), "utf8");

it("the reference is what the types say; npm run reference writes it", () => {
  expect(readFileSync(join(DOCS, "web-reference.md"), "utf8")).toBe(reference());
});

it("every example compiles against the package", () => {
  const directory = mkdtempSync(join(tmpdir(), "examples-"));
  mkdirSync(join(directory, "node_modules", "@rhesis"), { recursive: true });
  symlinkSync(resolve("."), join(directory, "node_modules", "@rhesis", "telemetry"));
  for (const name of ["react", "@types", "csstype"]) {
    symlinkSync(resolve("node_modules", name), join(directory, "node_modules", name));
  }
  const examples = [...page.matchAll(/^```tsx\n(.*?)^```$/gms)].map(([, code], index) => {
    const file = join(directory, `example-${index}.tsx`);
    writeFileSync(file, code!);
    return file;
  });
  const program = ts.createProgram(examples, {
    jsx: ts.JsxEmit.ReactJSX,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    noEmit: true,
    skipLibCheck: true,
    strict: true,
    target: ts.ScriptTarget.ES2022,
    types: [],
  });
  const faults = ts
    .getPreEmitDiagnostics(program)
    .map(({ file, messageText }) => [file?.fileName, ts.flattenDiagnosticMessageText(messageText, "\n")].join(": "));
  rmSync(directory, { recursive: true });

  expect(examples.length).toBeGreaterThan(4);
  // How a bundler takes a style sheet is the bundler's affair.
  expect(faults.filter((fault) => !fault.includes("styles.css"))).toEqual([]);
});

it("the sizes are those that are measured", async () => {
  const table = page.split("## What it weighs")[1]!.split("\n## ")[0]!;
  const told = [...table.matchAll(/\| (\d+\.\d) \|$/gm)].map(([, kB]) => Number(kB));
  const measured = await Promise.all(BUDGETS.slice(0, 4).map(({ code }) => size(code)));

  expect(told.slice(0, 4)).toEqual(measured.map((bytes) => Math.round(bytes / 100) / 10));
  // The former client's own code came on top of its SDK.
  expect(await size(FORMER)).toBeLessThan(told[4]! * 1000);
  expect(await size(FORMER)).toBeGreaterThan(told[0]! * 3.9 * 1000);
});
