// Workflows of GitHub Actions held against GitHub's own reader of them. Usage: node workflows.mjs FILE…
import { readFileSync } from "node:fs";
import { register } from "node:module";

// The package imports JSON as older versions of node did.
const hook = `export const load = (url, context, next) =>
  next(url, url.endsWith(".json") ? { ...context, importAttributes: { type: "json" } } : context);`;
register(`data:text/javascript,${encodeURIComponent(hook)}`);
const { validate } = await import("@actions/languageservice");
const { TextDocument } = await import("vscode-languageserver-textdocument");

for (const file of process.argv.slice(2)) {
  const document = TextDocument.create(`file:///${file}`, "yaml", 1, readFileSync(file, "utf8"));
  for (const found of await validate(document)) {
    console.error(`${file}:${found.range.start.line + 1}: ${found.message}`);
    process.exitCode = 1;
  }
}
