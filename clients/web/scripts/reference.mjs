// Write docs/clients/web-reference.md from the package's declarations and their TSDoc.
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import ts from "typescript";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const page = join(root, "..", "..", "docs", "clients", "web-reference.md");

const ENTRIES = [
  { name: "@rhesis/telemetry", file: "index.d.ts" },
  { name: "@rhesis/telemetry/react", file: "react/index.d.ts" },
  { name: "@rhesis/telemetry/mui", file: "mui/index.d.ts" },
];

const HEAD = `# Reference of \`@rhesis/telemetry\`

All that the package exports, generated from its types by \`npm run reference\` in \`clients/web\`. How to begin is in
[web.md](web.md).
`;

/** The page as the built package says it. */
export function reference() {
  const files = ENTRIES.map(({ file }) => join(root, "dist", "esm", file));
  const program = ts.createProgram(files, { module: ts.ModuleKind.NodeNext, skipLibCheck: true, types: [] });
  const checker = program.getTypeChecker();
  const sections = ENTRIES.map(({ name }, index) => {
    const module = checker.getSymbolAtLocation(program.getSourceFile(files[index]));
    const exported = checker.getExportsOfModule(module).map((symbol) => described(checker, symbol));
    exported.sort((one, other) => one.rank - other.rank || (one.name < other.name ? -1 : 1));
    return [`## ${name}`, ...exported.map(({ text }) => text)].join("\n\n");
  });
  return `${HEAD}\n${sections.join("\n\n")}\n`;
}

function described(checker, symbol) {
  const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  const [declaration] = target.declarations;
  const rank = ts.isFunctionDeclaration(declaration) ? 0 : ts.isVariableDeclaration(declaration) ? 1 : 2;
  const statement = ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration;
  const code = statement.getText().replace(/^export (declare )?/, "");
  const tags = target.getJsDocTags(checker).map((tag) => tagged(tag));
  const parts = [
    `### ${symbol.name}`,
    linked(target.getDocumentationComment(checker)),
    ["```ts", code, "```"].join("\n"),
    tags
      .filter(([kind]) => kind !== "example")
      .map(([, text]) => text)
      .join("\n"),
    ...tags.filter(([kind]) => kind === "example").map(([, text]) => text),
  ];
  return { name: symbol.name, rank, text: parts.filter(Boolean).join("\n\n") };
}

function tagged(tag) {
  const text = linked(tag.text ?? []);
  if (tag.name === "param") {
    const [name, ...words] = text.split(/ (?:- )?/);
    return ["param", `- \`${name}\`: ${words.join(" ")}`];
  }
  if (tag.name === "returns") return ["returns", `- returns: ${text}`];
  return ["example", ["```tsx", text.replace(/^```\w*\n|\n```$/g, ""), "```"].join("\n")];
}

function linked(parts) {
  return ts.displayPartsToString(parts).replace(/\{@link ([^}]+)\}/g, "`$1`");
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) writeFileSync(page, reference());
