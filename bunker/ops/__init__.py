"""What roles are written with: facts and operations over pyinfra.

A role reads state with few, composite facts (every fact is one SSH round trip), decides, and
declares steps. Only this package, the worker and ``deploys/`` import pyinfra.
"""
