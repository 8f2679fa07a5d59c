"""`digitus serve`: the web page to draw on, read photos with, look inside, and watch it learn."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import click

from digitus.cli.common import PATH, json_option, output, print_json, recognizer_of

EVERYWHERE = ("0.0.0.0", "::")  # all addresses of the machine; a browser can open neither


@click.command
@click.argument("model", required=False)
@click.option(
    "--host", help="Address to listen on.  [default: 127.0.0.1, with --class all of this machine]"
)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0: a free one."
)
@click.option(
    "--token",
    envvar="DIGITUS_TOKEN",
    help="What visitors must know; $DIGITUS_TOKEN.  [default: beyond this machine, a new one]",
)
@click.option(
    "--class",
    "class_",
    is_flag=True,
    help="For a class: pupils join by a word or a QR code, you have a board.",
)
@click.option("--open/--no-open", "open_", default=False, help="Open it in a browser.")
@click.option("--folder", type=PATH, help="Where training runs are kept.  [default: a private one]")
@click.option("--reload-page", is_flag=True, hidden=True)
@json_option
def serve(
    model: str | None,
    host: str | None,
    port: int,
    token: str | None,
    class_: bool,
    open_: bool,
    folder: Path | None,
    reload_page: bool,
    json: bool,
) -> None:
    """Open a web page to draw on, read photos with, look inside, and watch it learn.

    MODEL is a model file or the folder of a run; without it, the one that ships.
    """
    import secrets
    import sys
    from urllib.parse import quote

    from digitus.datasets.digits import DIGITS, named
    from digitus.datasets.sources import cache_folder
    from digitus.errors import ModelError
    from digitus.files import make_folder
    from digitus.locks import locked
    from digitus.serve.access import AccessPolicy, is_loopback
    from digitus.serve.app import application
    from digitus.serve.classroom.roster import Roster
    from digitus.serve.server import listen, server
    from digitus.threads import limited

    try:
        AccessPolicy(token=token)
    except ValueError as error:
        raise click.UsageError(f"--token: {error}") from None
    host = host or (EVERYWHERE[0] if class_ else "127.0.0.1")
    recognizer, _ = recognizer_of(model)
    if recognizer.classes != DIGITS:
        raise ModelError(f"{model} tells {named(recognizer.classes)}; the page is for the digits")
    with listen(host, port) as listening:
        port = listening.getsockname()[1]
        if folder is None:  # one for each address, of which there is one server at a time
            kind = "class" if class_ else "serve"
            folder = cache_folder() / kind / f"{host.replace(':', '_')}-{port}"
        make_folder(folder, 0o700)
        address = f"http://{_shown(host, number=class_)}:{port}/"
        # Requests and runs share out the cores; uvicorn raises the interrupt again in the end.
        with locked(folder, "digitus serve"), limited(1), suppress(KeyboardInterrupt):
            roster = Roster(folder, token, address) if class_ else None
            if roster:
                token = roster.token
            elif token is None and not is_loopback(host):
                token = secrets.token_urlsafe(18)
            policy = AccessPolicy(host, port, token)
            app = application(recognizer, policy, folder, roster=roster, reload_page=reload_page)
            own = address + (f"?token={quote(token)}" if token else "")
            own += "#board" * class_
            pupils = {"pupils": address, "word": roster.word} if roster else {}
            if json:
                print_json({"address": own, "folder": str(folder), **pupils})
                sys.stdout.flush()
            else:
                _tell(own, pupils)
            if open_:
                click.launch(own)
            server(app).run(sockets=[listening])


def _shown(host: str, *, number: bool) -> str:
    """The host in an address; as a `number` for phones, which do not know machines by name."""
    if host in EVERYWHERE:
        import socket

        from digitus.serve.classroom.invitation import lan_address

        return lan_address() if number else socket.gethostname()
    return f"[{host}]" if ":" in host else host


def _tell(own: str, pupils: dict[str, str]) -> None:
    """The address, and what pupils need: in words, and as a QR code."""
    output().print(own)
    if pupils:
        from digitus.serve.classroom.invitation import join_address, qr_text

        address, word = pupils["pupils"], pupils["word"]
        output().print(f"Pupils: {address} with the join word {word}, or by this code:")
        output().print(qr_text(join_address(address, word)), no_wrap=True)
