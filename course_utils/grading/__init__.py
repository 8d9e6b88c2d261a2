"""The instructor's kit: hand exercises out, grade what comes back, and give feedback.

A student's code runs in a process of its own that can read no answers (`sandbox`, `worker`). What it returned comes
back as plain values (`wire`) and is judged out here, with the notebook's own diagnoses (`judging`).
"""
