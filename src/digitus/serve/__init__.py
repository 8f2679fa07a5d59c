"""The web page that `digitus serve` opens, and the server behind it.

::

    server        the process: the socket, uvicorn, start and end
    connection    clients that are slow, silent, endless, or speak of other protocols
    app           which address answers what
    middleware    what every request passes first: Host, Origin, token, limits, headers
    access        who may come in
    operation     handlers whose signature is their description
    openapi       /openapi.json, made of these signatures
    values        the kinds of values that requests and answers are made of
    decoding      requests read into structs; what is wrong with them, in one line
    responses     answers and refusals on their way out
    refusals      codes of refusals, which the web page words in its reader's language
    worker_pool   threads for pictures and layers, and a bound on work at a time
    batcher       recognitions in batches
    models        which network answers: the server's own, a small one, a run's
    recognition   /api/recognize, /api/draw, /api/read
    inside        /api/inside: layers, activations, which pixels speak for a digit; /api/weights
    layer_words   a layer's name, settings and equations
    mistakes      /api/mistakes, and how far the search for them is
    pen           /api/pen: digits that the simulated pen writes
    worked        /api/worked: one step of learning that a pencil can follow
    paper/        /api/forms: forms made, printed and tried
    handbook/     texts: derivations, lessons, source
    health        /api/health
    metrics       /metrics
    live/         training runs that can be watched
    visitor       who is asking
    classroom/    a class: teacher, pupils, the board
    static_files  the files of the web page, and /api, which shows programmers how to call it
    static/       the web page itself: HTML, CSS, ES modules, no build step

Handlers are thin: they call the recognizer, the reader or a run, and return a struct.
"""
