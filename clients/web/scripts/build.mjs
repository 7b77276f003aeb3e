// Compile src/ to dist/: ES modules and CommonJS, file by file, so that all entries share one state and an app's bundler
// drops what it does not use.
import { execFileSync } from "node:child_process";
import { copyFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, "dist");

rmSync(dist, { force: true, recursive: true });
for (const form of ["esm", "cjs"]) {
  const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
  execFileSync(process.execPath, [compiler, "--project", `tsconfig.${form}.json`], { cwd: root, stdio: "inherit" });
}
writeFileSync(join(dist, "cjs", "package.json"), '{ "type": "commonjs" }\n');
copyFileSync(join(root, "src", "styles.css"), join(dist, "styles.css"));
