"""Gate: Great Expectations suites, dbt's results and the candidate's identity in one verdict that publish asks for."""

from vwu.gate.run import Verdict, run_gate

__all__ = ["Verdict", "run_gate"]
