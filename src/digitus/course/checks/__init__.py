"""What is right: for each exercise of a lesson a function that looks at an answer.

A module for each lesson. Not inside: the words for what is wrong (`messages/`).
"""
