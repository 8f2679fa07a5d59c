"""What `digitus train` says at the end: what was made, how good it is, and where the time went.

Inside: the reports and tables of a recognizer and of a page network. Not inside: the command
(`train`), what it says on the way (`train_display`).
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from digitus.cli.common import digit_table, output, percent, print_json, score_lines
from digitus.cli.terminal import complain

if TYPE_CHECKING:
    from rich.console import Console

    from digitus.datasets.digits import Digits
    from digitus.detection.source import TrainedPages, Writers
    from digitus.recipe import Recipe
    from digitus.recognizer import Recognizer
    from digitus.training.profile import Profile
    from digitus.training.run_folder import Run

PAGES_SHOWN = 8  # in the report of a page network


def tell(
    run: Run,
    trained: Recognizer | TrainedPages,
    learnt: Digits | Writers,
    threads: int,
    json: bool,
) -> None:
    """Says what was made."""
    from digitus.datasets.digits import Digits
    from digitus.recognizer import Recognizer

    if isinstance(trained, Recognizer):
        assert isinstance(learnt, Digits)
        _tell_of_digits(run, trained, learnt, threads, json)
    else:
        assert not isinstance(learnt, Digits)
        _tell_of_pages(run, trained, learnt, json)


def _tell_of_digits(
    run: Run, recognizer: Recognizer, digits: Digits, threads: int, json: bool
) -> None:
    """Scores the development split, writes the report, and says what was made."""
    from digitus.datasets.batches import split
    from digitus.evaluation import evaluate
    from digitus.report import write_report
    from digitus.threads import workers
    from digitus.training.loop import SPLIT_SEED

    recipe = recognizer.recipe
    _, development = split(digits, recipe.development, SPLIT_SEED)
    with workers(threads, shards=2) as each:
        evaluation = evaluate(recognizer, development, each=each)
    score = evaluation.record()
    epochs = recognizer.history["epochs"]
    write_report(run.report, recognizer, evaluation, epochs)
    failed = _diverged(recipe, epochs[-1]["development_loss"], development)
    if json:
        print_json(
            {
                "recipe": recipe.name,
                "model": str(run.model),
                "report": str(run.report),
                "parameters": recognizer.parameter_count,
                "epochs": len(epochs),
                "seconds": sum(epoch["seconds"] for epoch in epochs),
                "development": score,
            }
        )
        sys.exit(int(failed))
    console = output()
    console.print(digit_table(score))
    console.print("On the images held back (the test set is for digitus evaluate):")
    for line in score_lines(score):
        console.print(line)
    console.print(f"model   {run.model}\nreport  {run.report}")
    if failed:
        sys.exit(1)


def _diverged(recipe: Recipe, loss: float, development: Digits) -> bool:
    """Whether a network is far worse than taking all digits for equally likely: it learnt nothing.

    Warns where it is worse at all.
    """
    from digitus.training.loop import FAR_WORSE, loss_of_guessing

    guessing = loss_of_guessing(recipe, development)
    if loss <= guessing:
        return False
    complain(
        f"the loss on the images held back is {loss:.3g}, above the {guessing:.2f} of taking all "
        "digits for equally likely; try a smaller learning rate (--set schedule.rate=...), or more "
        "images"
    )
    return loss > FAR_WORSE * guessing


def _tell_of_pages(run: Run, trained: TrainedPages, by: Writers, json: bool) -> None:
    """Writes the report; prints what was made, and its score on what was held back."""
    from digitus.detection.source import pages_held_back
    from digitus.detection.tasks import task_of
    from digitus.recipe import PAGES
    from digitus.report.finding import write_page_report

    shown = pages_held_back(by, PAGES_SHOWN) if trained.recipe.data == PAGES else []
    write_page_report(run.report, trained, shown)
    epochs = trained.history["epochs"]
    held_back, share = trained.history["development"], epochs[-1]["development_accuracy"]
    if json:
        print_json(
            {
                "recipe": trained.recipe.name,
                "model": str(run.model),
                "report": str(run.report),
                "parameters": sum(a.size for a in trained.params.values()),
                "epochs": len(epochs),
                "seconds": sum(epoch["seconds"] for epoch in epochs),
                "development": {"n": held_back, "found": share},
            }
        )
        return
    console = output()
    task = task_of(trained.recipe)
    console.print(f"Of {held_back:,} {task.examples} held back, {percent(share)} {task.right}.")
    console.print(f"model   {run.model}\nreport  {run.report}")


def tell_times(profile: Profile | None, console: Console) -> None:
    """Where the time went, if it was noted: what took most comes first."""
    if profile is None or not profile.steps:
        return
    from rich import box
    from rich.table import Table

    top = profile.limit()
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("where the time went")
    for title in ("seconds", "share", "GFLOP/s", f"of {top / 1e9:,.0f}"):
        table.add_column(title, justify="right")
    for line in sorted(profile.lines(top), key=lambda line: -line.seconds):
        speed = "" if line.gflops is None else f"{line.gflops:,.1f}"
        of_limit = "" if line.limit is None else percent(line.limit, 0)
        table.add_row(line.what, f"{line.seconds:.2f}", percent(line.share, 1), speed, of_limit)
    console.print(table)
    console.print(
        f"{profile.steps:,} steps in {profile.elapsed:.2f} s, by one process of those at work; "
        f"the limit is a product of matrices by its {profile.threads} "
        f"thread{'s' * (profile.threads > 1)}"
    )
    if profile.in_one_call:
        console.print(
            "These are its layers one by one; without --profile this network learns in one call of "
            "a kernel, which is faster."
        )
