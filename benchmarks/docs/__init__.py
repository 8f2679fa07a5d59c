"""What README and docs say in numbers, written from the files in results/ alone.

    python -m benchmarks.docs.write [--check]

A module for each page or section of figures. Not inside: docs/benchmarks.md (`rows.page`) and
docs/growth.md (`growth`), which are written beside what they are measured with.
"""
