"""`digitus serve`: the page to draw on, to read photos, to look inside and to watch it learn."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import click

from digitus.cli.common import PATH, json_option, output, print_json, recognizer_of

EVERYWHERE = ("0.0.0.0", "::")  # all addresses of the machine: none that one could open


@click.command
@click.argument("model", required=False)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0: a free one."
)
@click.option(
    "--token",
    envvar="DIGITUS_TOKEN",
    help="What visitors must know; $DIGITUS_TOKEN.  [default: beyond this machine, a new one]",
)
@click.option("--open/--no-open", "open_", default=False, help="Open it in a browser.")
@click.option("--folder", type=PATH, help="Where training runs are kept.  [default: a private one]")
@click.option("--reload-page", is_flag=True, hidden=True)
@json_option
def serve(
    model: str | None,
    host: str,
    port: int,
    token: str | None,
    open_: bool,
    folder: Path | None,
    reload_page: bool,
    json: bool,
) -> None:
    """Open a page to draw on, read photos with, look inside, and watch it learn.

    MODEL is a model file or the folder of a run; without it, the one that comes with digitus.
    """
    import secrets
    import socket
    import sys
    from urllib.parse import quote

    from digitus.datasets.sources import cache_folder
    from digitus.locks import locked
    from digitus.serve.access import AccessPolicy, is_loopback
    from digitus.serve.app import application
    from digitus.serve.server import listen, server
    from digitus.threads import limited

    try:
        AccessPolicy(token=token)
    except ValueError as error:
        raise click.UsageError(f"--token: {error}") from None
    recognizer, _ = recognizer_of(model)
    with listen(host, port) as listening:
        port = listening.getsockname()[1]
        if token is None and not is_loopback(host):
            token = secrets.token_urlsafe(18)
        if folder is None:  # one for each address, of which there is one server at a time
            folder = cache_folder() / "serve" / f"{host.replace(':', '_')}-{port}"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        policy = AccessPolicy(host, port, token)
        app = application(recognizer, policy, folder, reload_page=reload_page)
        shown = socket.gethostname() if host in EVERYWHERE else f"[{host}]" if ":" in host else host
        address = f"http://{shown}:{port}/" + (f"?token={quote(token)}" if token else "")
        # Requests and runs share out the cores; uvicorn raises the interrupt again in the end.
        with locked(folder, "digitus serve"), limited(1), suppress(KeyboardInterrupt):
            if json:
                print_json({"address": address, "folder": str(folder)})
                sys.stdout.flush()
            else:
                output().print(address)
            if open_:
                click.launch(address)
            server(app).run(sockets=[listening])
