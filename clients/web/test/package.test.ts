// @vitest-environment node
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { expect, it } from "vitest";

import { BUDGETS, size } from "../scripts/sizes.mjs";
import { SDK_VERSION } from "../src/version.js";

const read = (file: string): string => readFileSync(file, "utf8");
const manifest = JSON.parse(read("package.json")) as Record<string, unknown>;

it("has the version that it says it has, and needs nothing", () => {
  expect(SDK_VERSION).toBe(manifest.version);
  expect(manifest.dependencies).toBeUndefined();
});

it("the lock names no registry", () => {
  expect(read("package-lock.json")).not.toContain('"resolved"');
});

it.each(BUDGETS)("$name is at most $bytes bytes", async ({ code, bytes }) => {
  expect(await size(code)).toBeLessThanOrEqual(bytes);
});

it("is published as publint and attw want it", async () => {
  const directory = mkdtempSync(join(tmpdir(), "packed-"));
  execFileSync("npm", ["pack", "--silent", `--pack-destination=${directory}`]);
  const packed = new Uint8Array(readFileSync(join(directory, readdirSync(directory)[0]!)));
  rmSync(directory, { recursive: true });
  const types = await checkPackage(createPackageFromTarballData(packed), { excludeEntrypoints: ["./styles.css"] });
  const { messages } = await publint({ strict: true });

  expect(messages.map((message) => formatMessage(message, manifest))).toEqual([]);
  // Resolution as of Node.js 10 knows no `exports`; TypeScript has given it up.
  const problems = types.types
    ? types.problems.filter((one) => !("resolutionKind" in one && one.resolutionKind === "node10"))
    : [types];
  expect(problems).toEqual([]);
});

it.each(["react", "mui"])("all that %s draws is marked for the client", (entry) => {
  for (const form of ["esm", "cjs"]) {
    const directory = join("dist", form, entry);
    const scripts = readdirSync(directory).filter((file) => file.endsWith(".js") && file !== "messages.js");
    expect(scripts.length).toBeGreaterThan(2);
    for (const file of scripts) expect(read(join(directory, file))).toMatch(/^("use strict";\n)?"use client";\n/);
  }
});
