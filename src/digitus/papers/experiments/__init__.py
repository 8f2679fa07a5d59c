"""The experiments of both papers; `plan` lists them, `bench` is what they share."""
