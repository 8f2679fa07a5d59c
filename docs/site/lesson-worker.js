// Carries out a lesson's cells with Python in the browser, in a thread of its own.
//
// It is told { cells: [{ cell, source } ...], language, right } and answers for each
// { cell, printed, html, text, right } or { cell, error }, or { failed } where Python did not start: then
// a new thread is needed. `right` are the exercises that were right so far, with their days. Names live
// on from cell to cell, as in a notebook. Nothing is asked of another host: Pyodide, NumPy and digitus
// lie beside the site's other files.

const HERE = new URL("pyodide/", import.meta.url);

const START = `
import json, os, sys, zipfile
from pathlib import Path
zipfile.ZipFile("digitus.zip").extractall("library")
sys.path.insert(0, os.path.abspath("library"))
from digitus.course.progress import Progress, load
from digitus.course.execution import carried_out
namespace = {"__name__": "__lesson__"}

def begin(language, right):
    Progress(Path(), language, json.loads(right)).save()  # what checks say is said in it

def cell(source):
    output = carried_out(source, namespace)
    said = {"printed": output.printed, "html": output.html, "text": output.text}
    return json.dumps({**said, "right": load(Path()).right})
`;

let python = null;

async function started() {
  const { loadPyodide } = await import(new URL("pyodide.mjs", HERE));
  const py = await loadPyodide({ indexURL: HERE.href });
  await py.loadPackage("numpy", { messageCallback: () => {} });
  const packed = await (await fetch(new URL("digitus.zip", HERE))).arrayBuffer();
  py.FS.writeFile("digitus.zip", new Uint8Array(packed));
  py.runPython(START);
  return py;
}

// The last line of Python's report says what happened; the lines above are about our own code.
const lastLine = (error) => String(error.message ?? error).trim().split("\n").pop();

self.onmessage = async ({ data: { cells, language, right } }) => {
  let at = cells[0].cell;
  let py;
  try {
    python ??= started();
    py = await python;
  } catch (error) {
    self.postMessage({ failed: lastLine(error) });
    return;
  }
  try {
    py.globals.get("begin")(language, JSON.stringify(right));
    const run = py.globals.get("cell");
    for (const { cell, source } of cells) {
      at = cell;
      self.postMessage({ cell, ...JSON.parse(run(source)) });
    }
  } catch (error) {
    self.postMessage({ cell: at, error: lastLine(error) });
  }
  self.postMessage({ ended: true });
};
