"""Detection: a fully convolutional network that finds the digits of a page, their order and groups.

`maps` says what the network answers for every place of a picture, and makes the answers it should
give; `crops` cuts pages into what it learns from, `source` trains it with them; `detector` has it
look at whole pictures, `model` keeps it. A second network looks closer at each find (`closeup`),
and `confidence` joins the answers. Not inside: layers and losses (`nn`), pages (`synthetic`).
"""
