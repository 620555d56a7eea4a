"""The programs that take turns, each in a process of its own that prints one JSON object."""

import json
import os
import subprocess
import sys
import time

MEASURE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "measure.py")
FIRST_STEP = ("start to first trained step", "784-128-10 batch 32")
# An nn-bench that knows no such row, and one that knows none at all, end with the status of a wrong command line.
WRONG_USAGE = 64


def run(command, threads=0, tolerated=()):
    """What a program prints, read as JSON; None where it ends with a tolerated status. Other failures end this one."""
    environment = dict(os.environ)
    if threads:
        environment["NN_NUM_THREADS"] = str(threads)
    process = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if process.returncode in tolerated:
        return None
    if process.returncode != 0:
        lines = process.stderr.strip().splitlines()
        sys.exit("compare: %s failed: %s" % (" ".join(command), lines[-1] if lines else "no message"))
    return json.loads(process.stdout)


def measurement(command, options, threads):
    for text in options.filter:
        command += ["--filter", text]
    if options.quick:
        command += ["--quick"]
    if threads:
        command += ["--threads", str(threads)]
    return command


def ours(options, threads):
    """None where the filter leaves no row of nn-bench."""
    command = [options.bench, "--json", "--device", options.device]
    return run(measurement(command, options, threads), threads, tolerated=[WRONG_USAGE])


def python(name, device="cpu"):
    return [sys.executable, MEASURE, "--framework", name, "--device", device]


def theirs(options, threads, name):
    return run(measurement(python(name, options.device), options, threads))


def missing(name):
    """Why a framework cannot be measured; None where it can."""
    return run(python(name) + ["--check"]).get("missing")


def has_first_step(options):
    title = " ".join(FIRST_STEP)
    return options.device == "cpu" and (not options.filter or any(text in title for text in options.filter))


def our_first_step(options, threads):
    """From the start of the command, on embedded pictures, to its end after one step and a test on 32 pictures."""
    return timed([options.nn, "train", "--json", "--dataset", "generated", "--limit", "32", "--batch-size", "32",
                  "--epochs", "1", "--device", options.device], threads)


def their_first_step(options, threads, name):
    """From the start of the interpreter to its end, with one step on numbers that are at hand."""
    command = python(name) + ["--first-step"]
    return timed(command + (["--threads", str(threads)] if threads else []), threads)


def timed(command, threads):
    start = time.perf_counter()
    run(command, threads)
    microseconds = (time.perf_counter() - start) * 1e6
    return {"results": [{"name": FIRST_STEP[0], "shape": FIRST_STEP[1], "medianMicroseconds": microseconds}]}
