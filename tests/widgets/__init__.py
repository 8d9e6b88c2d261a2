"""The explorers in a browser: these tests share the windows that conftest.py opens."""
