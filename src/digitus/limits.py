"""Limits: what anything that comes from outside may cost, in bytes, memory, seconds and disk.

All of these numbers stand here. `BUDGETS` says for each entry what it may take in and what that may
cost; the limits above it keep it so. A limit is on what is known before the work begins (a size, a
count, a shape), so that the same input always gets the same answer; clocks are for peers that send
or receive slowly, and for whoever has stopped waiting.

Inside: numbers. Not inside: holding to them, which each entry does itself, and limits of taste,
such as how many points a curve has.
"""

from __future__ import annotations

from dataclasses import dataclass

MB, GB = 10**6, 10**9

# Pictures. A pixel in colour takes 4 bytes while it is decoded, and 3 afterwards.
PICTURE_BYTES = 50 * MB
PICTURE_PIXELS = 60 * 10**6  # the largest telephone cameras
WEBP_PIXELS = 25 * 10**6  # its decoder keeps four copies, 16 bytes a pixel
PICTURE_PAGES = 100  # of a TIFF or a PDF
PDF_PAGE_SECONDS = 10  # of one core, to draw one
PDF_MEMORY_BYTES = 800 * MB  # of the process that draws
DECODED_AT_ONCE = 1 << 20  # pixels: what is worked out from a decoded picture, strip by strip
FINDS = 1000  # in one look at a page; a page that is full of writing has a few hundred
TURNED_PIXELS = 4_700_000  # of fine copies, to see which way is up: A4, all of it full of writing

# Data sets.
SET_BYTES = 2**31  # ten times the largest in use: a file that announces more is damaged
SET_UNMAPPED_BYTES = 2**28  # of a file that is read into memory: five times MNIST
NPY_HEADER_BYTES = 10_000  # NumPy's own limit, which it checks only after reading the header

# Downloads. A mirror that sends too slowly is passed by.
DOWNLOAD_SECONDS = 30.0  # in which any speed will do
DOWNLOAD_BYTES_PER_SECOND = 10_000  # from then on, on average
LARGEST_DOWNLOAD = 600 * MB  # EMNIST, the largest, has 562 MB

# Models. Those of the recipes that ship have up to 12 million parameters, 91 layers, 4.2 million
# numbers between their layers and 550 million products for one example.
MODEL_HEADER_BYTES = 1 << 24  # a network of a thousand layers needs a hundredth of it
PARAMETERS = 10**9  # 4 GB, and four times that to train: more is a slip of the pen
NETWORK_LAYERS = 1000
NESTING = 30  # layers within layers
ACTIVATIONS = 8 * 10**6  # numbers that all layers put out for one example: 32 MB of float32
PRODUCTS = 2 * 10**9  # for one example: about a quarter of a second on one core
ACTIVATIONS_AT_ONCE = 10**8  # of all examples that go through a network together: 400 MB

# Forms and recipes as files. FORM_PAGES, FORM_PAPER_PIXELS and FORM_PIXELS bind the web page alone:
# the command takes any.
TOML_BYTES = 1 * MB  # ten times a form of 1,000 fields
TOML_KEY_PARTS = 8  # of a dotted key, whose cost is their square; those of recipes have four
FORM_PAGES = 20  # of a blank form, or of sheets, at a time
FORM_PAPER_PIXELS = 9 * 10**6  # of a page at the size at which it is looked at: A2
TABLE_CELLS = 30 * 10**6  # of a table of answers in Parquet or SQLite: 10,000 forms of 600 fields
TABLE_BYTES = 1 * GB  # of its text
TABLE_ROW_BYTES = 10 * MB  # of a row of SQLite
FONT_BYTES = 100 * MB  # the largest collections of Chinese, Japanese and Korean ones have 60
FONT_FACES = 1000  # of a collection: the largest have about fifty
FONT_NAMES = 5000  # each of up to 64 KB: fonts of systems, in every language, have hundreds
FONT_CHARACTERS = 300_000  # all that Unicode has, those for private use included
FONT_TABLES = 100  # of characters: most fonts have two or three
FONT_LETTERS = 10_000  # of a form, that differ: a font is written once for every 255 of them
FONT_PARTS = 100  # of an outline, with theirs: letters with accents have two or three
FONT_OUTLINES = 20 * MB  # of a form's letters, parts and hints included: most have 100 to 500 bytes
FORM_PIXELS = 8 * 10**6  # of the fields of a page, each at the size at which it is read

# The server.
HEAD_BYTES = 32_768  # of a request, and of what follows a body in chunks
BODY_BYTES = 20 * MB
JSON_BYTES = 4 * MB  # parsed in one go, while nobody else is answered
HEAD_SECONDS = 10.0  # for the head of a request, from its first byte or the connection
BODY_SECONDS = 30.0  # for its body, from its head
STUCK_SECONDS = 30.0  # for a client that takes nothing of its answer
WORK_SECONDS = 20.0  # for what a request asks for; then, or when the client goes, it is given up
CONNECTIONS = 512  # each costs a file descriptor, of which a process often has 1,024
WORKERS = 2  # pictures at a time, and layers at a time
WORK_WAITING = 8  # tasks that wait for one of them
IMAGES_WAITING = 1024  # of 28 x 28
WATCHERS = 64  # of all training runs together


@dataclass(frozen=True)
class Budget:
    """What one thing from outside may cost: bytes, and seconds of one processor core.

    `taken` is how large it may be, `memory` the most that it may add to the program's own, `disk`
    what may be written for it. `limits` are the numbers above that keep it so.
    """

    taken: int
    memory: int
    seconds: float
    limits: tuple[str, ...]
    disk: int = 0


BUDGETS = {
    "a picture, opened": Budget(
        PICTURE_BYTES,
        800 * MB,
        10,
        ("PICTURE_BYTES", "PICTURE_PIXELS", "WEBP_PIXELS", "PDF_PAGE_SECONDS", "PDF_MEMORY_BYTES"),
    ),
    "a page of a picture, read": Budget(
        PICTURE_BYTES, 900 * MB, 20, ("PICTURE_PIXELS", "PICTURE_PAGES", "FINDS", "TURNED_PIXELS")
    ),
    "an IDX or npz file": Budget(SET_BYTES, 3 * SET_BYTES, 120, ("SET_BYTES", "NPY_HEADER_BYTES")),
    "a download": Budget(
        LARGEST_DOWNLOAD,
        50 * MB,
        60,
        ("LARGEST_DOWNLOAD", "DOWNLOAD_SECONDS", "DOWNLOAD_BYTES_PER_SECOND"),
        LARGEST_DOWNLOAD,
    ),
    "a model, opened": Budget(
        4 * PARAMETERS,
        12 * PARAMETERS,
        60,
        ("MODEL_HEADER_BYTES", "PARAMETERS", "NETWORK_LAYERS", "NESTING"),
    ),
    "250 digits, recognized": Budget(
        250 * 784, 1000 * MB, 300, ("ACTIVATIONS", "PRODUCTS", "ACTIVATIONS_AT_ONCE")
    ),
    "a request's head, or its trailers": Budget(
        HEAD_BYTES, 1 * MB, 1, ("HEAD_BYTES", "HEAD_SECONDS", "CONNECTIONS")
    ),
    "a request's JSON": Budget(JSON_BYTES, 120 * MB, 2, ("JSON_BYTES", "BODY_SECONDS")),
    "a picture at /api/read": Budget(
        BODY_BYTES,
        900 * MB,
        2 * WORK_SECONDS,  # on two cores
        ("BODY_BYTES", "BODY_SECONDS", "WORK_SECONDS", "WORKERS", "WORK_WAITING"),
    ),
    "a form, opened, checked or printed": Budget(
        JSON_BYTES, 400 * MB, 5, ("JSON_BYTES", "TOML_BYTES", "TOML_KEY_PARTS", "WORK_WAITING")
    ),
    "a font, for a form that is printed": Budget(
        FONT_BYTES,
        600 * MB,
        30,
        (
            "FONT_BYTES",
            "FONT_FACES",
            "FONT_NAMES",
            "FONT_TABLES",
            "FONT_CHARACTERS",
            "FONT_LETTERS",
            "FONT_PARTS",
            "FONT_OUTLINES",
        ),
    ),
    "pages of forms, shown or proposed": Budget(
        BODY_BYTES,
        900 * MB,
        WORK_SECONDS + 5,  # the clock is looked at between pages only
        ("BODY_BYTES", "PICTURE_PIXELS", "PDF_MEMORY_BYTES", "FORM_PAGES", "WORK_SECONDS"),
    ),
    "sheets of a form, read by the page": Budget(
        JSON_BYTES,
        900 * MB,
        WORK_SECONDS + 5,
        (
            "JSON_BYTES",
            "PICTURE_PIXELS",
            "FORM_PAGES",
            "FORM_PAPER_PIXELS",
            "FORM_PIXELS",
            "WORK_SECONDS",
        ),
    ),
    "a table of sheets, read again": Budget(
        TABLE_BYTES, 6 * GB, 120, ("TABLE_CELLS", "TABLE_BYTES", "TABLE_ROW_BYTES")
    ),
}
