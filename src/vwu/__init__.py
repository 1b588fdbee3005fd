"""The warehouse of the Vietnam Women's Union: receive, check, land, build, gate, publish, roll up, report."""

__version__ = "0.1.0"
