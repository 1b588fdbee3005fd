"""Receive, check and land: what comes in, what is wrong with it, and what it becomes."""
