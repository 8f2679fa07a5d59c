// Python in WebAssembly, as in a browser: a recipe is trained and lessons are carried out.
//
//     node browser_lessons.mjs PYODIDE CORE WORK.json
//
// WORK is a list of [name, Python]; printed is a line of JSON for each: its seconds, and what its last
// line gave or the error that it ended with.

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [folder, core, work] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(`${folder}/pyodide.mjs`));
const py = await loadPyodide({ indexURL: `${folder}/`, stdout: () => {} });
await py.loadPackage("numpy", { messageCallback: () => {} });
py.FS.writeFile("digitus.zip", new Uint8Array(readFileSync(core)));
py.runPython(`
import os, sys, zipfile
zipfile.ZipFile("digitus.zip").extractall("library")
sys.path.insert(0, os.path.abspath("library"))
`);
for (const [name, code] of JSON.parse(readFileSync(work, "utf-8"))) {
  const begun = performance.now();
  let said;
  try {
    said = { value: py.runPython(code, { globals: py.toPy({ __name__: "__lesson__" }) }) };
  } catch (error) {
    said = { error: String(error.message).trim().split("\n").slice(-8).join("\n") };
  }
  const seconds = (performance.now() - begun) / 1000;
  console.log(JSON.stringify({ name, seconds, ...said }));
}
