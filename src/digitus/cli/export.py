"""`digitus export`: a model in, files for other programs out, and both compared."""

from __future__ import annotations

from pathlib import Path

import click

from digitus.cli.common import PATH, json_option, output, print_json, recognizer_of


@click.command
@click.argument("models", nargs=-1, metavar="[MODEL]...")
@click.option(
    "--to",
    type=click.Choice(["onnx", "c", "js", "html", "npz"]),
    required=True,
    help="onnx; c: a C99 source and its header; js: an ES module; html: a web page to write on and "
    "to drop photos into; npz: NumPy's arrays.",
)
@click.option("--out", type=PATH, help="The file.  [default: digitus.ENDING]")
@click.option(
    "--precision",
    type=click.Choice(["float32", "float16", "int8"]),
    help="Of the weights; C in int8 computes in integers too.  [default: float32; html: int8]",
)
@click.option("--no-check", is_flag=True, help="Do not compare what was made with the model.")
@json_option
def export(
    models: tuple[str, ...],
    to: str,
    out: Path | None,
    precision: str | None,
    no_check: bool,
    json: bool,
) -> None:
    """Write a model as ONNX, C, JavaScript, a web page or npz.

    MODEL is a model file or the folder of a run; without it, the recognizer that ships. Several are
    a committee. Each export takes raw bytes and gives probabilities. At the end 100 pictures go
    through both; an export that answers otherwise is not written.
    """
    from digitus.committee import Committee
    from digitus.export import export as write

    members = [recognizer_of(model)[0] for model in models or (None,)]
    model = members[0] if len(members) == 1 else Committee(tuple(members))
    done = write(model, to, out, precision=precision, check=not no_check)  # type: ignore[arg-type]
    if json:
        parity = done.parity
        print_json(
            {
                "files": [str(path) for path in done.files],
                "bytes": done.size,
                "checked": parity.count if parity else 0,
                "same": parity.same if parity else None,
                "largest_difference": parity.difference if parity else None,
            }
        )
        return
    console = output()
    for path in done.files:
        console.print(f"{path}  {path.stat().st_size:,} bytes")
    console.print(str(done.parity) if done.parity else f"not checked: {done.unchecked}")
