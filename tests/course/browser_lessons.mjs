// Python in WebAssembly, as in a browser: a recipe is trained and lessons are carried out.
//
//     node browser_lessons.mjs PYODIDE CORE WORK.json
//
// WORK is a list of [name, Python]; printed is a line of JSON for each: its seconds (of the processor,
// whatever else it does meanwhile), and what its last line gave or the error that it ended with.

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
  const begun = process.cpuUsage();
  let said;
  try {
    said = { value: py.runPython(code, { globals: py.toPy({ __name__: "__lesson__" }) }) };
  } catch (error) {
    said = { error: String(error.message).trim().split("\n").slice(-8).join("\n") };
  }
  const { user, system } = process.cpuUsage(begun);
  const seconds = (user + system) / 1e6;
  console.log(JSON.stringify({ name, seconds, ...said }));
}
