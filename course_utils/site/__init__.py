"""The course as a site: all lessons as pages that need neither a kernel nor a network.

`python -m course_utils site --out DIR` writes Sphinx's source from the stored lessons (`source.py`), lets Sphinx make
pages of it (`conf.py`, `extension.py`), and puts them where they were asked for (`folder.py`).
"""
