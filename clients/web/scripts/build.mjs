// Compile src/ to dist/: ES modules and CommonJS, file by file, so that all entries share one state and an app's bundler
// drops what it does not use.
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, "dist");

// Made aside: whoever packs meanwhile has the one that was there.
const made = mkdtempSync(join(root, "node_modules", ".dist-"));
for (const form of ["esm", "cjs"]) {
  const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
  const options = ["--project", `tsconfig.${form}.json`, "--outDir", join(made, form)];
  execFileSync(process.execPath, [compiler, ...options], { cwd: root, stdio: "inherit" });
}
writeFileSync(join(made, "cjs", "package.json"), '{ "type": "commonjs" }\n');
copyFileSync(join(root, "src", "styles.css"), join(made, "styles.css"));
rmSync(dist, { force: true, recursive: true });
renameSync(made, dist);
