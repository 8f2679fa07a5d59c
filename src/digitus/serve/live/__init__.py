"""Training runs that can be watched while they go on, paused, and stepped.

::

    handlers         /api/runs and what lies below it, /api/recipes
    runs             all runs of a server, in a folder
    run              one run, in a thread
    places           places to train in, and the line before them
    shares           whose step is next, and that answers come first
    ends             the state that a run begins with, the network that it leaves when stopped
    run_state        what is sent and saved of it
    control          what its thread is to do: pause, step, stop, the pace
    telling          which event of training is noted and sent
    progress         how far it has come: curve, epochs, scores
    first_layer      its first weights as pictures
    sketch           one digit on its way through the network, for the web page's drawing
    channel          what happens in it, as server-sent events
    equations        one step of training, equation by equation, with its numbers
    worked_example   one number of an equation worked out
    lesson           what can be trained: settings in, a recipe out
    offers           what a lesson can be made of
    starting_points  the recipes that a lesson can start from
    network_text     "784-32-10": networks as text
    digits_cache     digits to learn from
"""
