"""The page that `digitus serve` opens, and the server behind it.

::

    server       the socket, uvicorn, slow clients, start and end
    app          which address answers what
    middleware   what every request passes first: Host, Origin, token, limits, headers
    door         who may come in
    bodies       what clients send, checked; one-line errors
    work         a bound on work at a time; recognitions in batches
    recognizing  /api/recognize, /api/draw, /api/read
    inside       /api/inside: layers, activations, which pixels speak for a digit
    mistakes     /api/mistakes
    lessons      what can be trained: settings in, a recipe out
    live, runs   a training run that can be watched and paused; all of them
    equations    one step of training, equation by equation, with its numbers
    metrics      /metrics
    description  /openapi.json and the page that shows how to call it
    static/      the page itself: HTML, CSS, ES modules, no build step

Handlers are thin: they check, call the recognizer, the reader or a run, and write JSON.
"""
