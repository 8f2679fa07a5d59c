"""The experiments of both papers; `plan` lists them, `workspace` is what they share."""
