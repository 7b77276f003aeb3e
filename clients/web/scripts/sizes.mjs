// What each import adds to an app: bundled by esbuild as an app would, minified, gzipped.
import { gzipSync } from "node:zlib";
import { dirname } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import { build } from "esbuild";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

// What every app uses; the rest of the package is added where it is imported.
const CORE = [
  "identify",
  "initTelemetry",
  "isTelemetryEnabled",
  "requestErasure",
  "reset",
  "setTelemetryEnabled",
  "trackEvent",
  "trackFeatureUsage",
  "trackPageView",
  "trackPageViews",
  "trackUserLogin",
];

/** Each import with the most bytes that it may have. */
export const BUDGETS = [
  { name: "core", code: `import { ${CORE} } from "@rhesis/telemetry"; use(${CORE})`, bytes: 5_000 },
  { name: "@rhesis/telemetry", code: `import * as all from "@rhesis/telemetry"; use(all)`, bytes: 5_800 },
  { name: "@rhesis/telemetry/react", code: `import * as all from "@rhesis/telemetry/react"; use(all)`, bytes: 11_000 },
  { name: "@rhesis/telemetry/mui", code: `import * as all from "@rhesis/telemetry/mui"; use(all)`, bytes: 11_500 },
  { name: "nothing", code: `import "@rhesis/telemetry"`, bytes: 100 },
];

/** What the former client was built on: the OpenTelemetry SDK for browsers with its OTLP/JSON exporter. */
export const FORMER = `
  import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
  import { Resource } from "@opentelemetry/resources";
  import { BatchSpanProcessor, WebTracerProvider } from "@opentelemetry/sdk-trace-web";
  const exporter = new OTLPTraceExporter({ url: "https://telemetry.example.com/v1/traces" });
  const resource = new Resource({ "service.name": "rhesis-frontend" });
  use(new WebTracerProvider({ resource, spanProcessors: [new BatchSpanProcessor(exporter)] }).getTracer("rhesis"));
`;

/** The bytes of a module's code, bundled without React and Material UI. */
export async function size(code) {
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: root },
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    target: "es2022",
    logLevel: "error",
    external: ["react", "react/jsx-runtime", "@mui/material"],
  });
  return gzipSync(outputFiles[0].contents, { level: 9 }).length;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  for (const { name, code, bytes } of BUDGETS) {
    process.stdout.write(`${name.padEnd(24)} ${await size(code)} of ${bytes} bytes\n`);
  }
  process.stdout.write(`the former client's SDK  ${await size(FORMER)} bytes\n`);
}
