"""Keeps what was measured in Benchmarks/results, under the date and the machine."""

import datetime
import json
import os
import platform
import re

FOLDER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "results")


def save(reports):
    """The path of the file, relative to where this was started. A second run of a day takes the place of the first."""
    device = next((report["device"] for report in reports if report["device"]), None)
    name = device["name"] if device else "cpu"
    words = [datetime.date.today().isoformat(), name, instruction_set(), "%d-cores" % len(os.sched_getaffinity(0)),
             "against-peers"]
    slug = "-".join(re.sub(r"[^a-z0-9]+", "-", word.lower()).strip("-") for word in words if word)
    path = os.path.join(FOLDER, slug + ".json")
    os.makedirs(FOLDER, exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"runs": reports}, file, indent=1)
        file.write("\n")
    return os.path.relpath(path)


def instruction_set():
    """The widest vectors of the processor."""
    if platform.machine() != "x86_64":
        return platform.machine()
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        flags = next((line.split() for line in file if line.startswith("flags")), [])
    return next((text for flag, text in (("avx512f", "avx512"), ("avx2", "avx2")) if flag in flags), "sse2")
