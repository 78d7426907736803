"""The reference, made from the code: commands, settings, events, metrics, the HTTP interface, codes of problems.

It is written by `make docs` in a working copy, and is no part of the command: the examples of events are the golden
files of the tests.
"""
