"""One target under atheris, in a process of its own, since libFuzzer ends the process.

Run as `python -m bench.fuzz.process TARGET …`; what follows is libFuzzer's: directories of the corpus and options.
"""

import sys

import atheris

with atheris.instrument_imports(include=["telemetry_pipeline"]):
    from bench.fuzz.targets import TARGETS

if __name__ == "__main__":
    name, *options = sys.argv[1:]
    atheris.Setup([name, *options], TARGETS[name])
    atheris.Fuzz()
