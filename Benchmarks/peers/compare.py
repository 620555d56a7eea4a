"""Runs nn-bench and the same work in other frameworks in turns, and prints how long each takes and the ratios.

A ratio above 1 means that this package is faster. Rounds alternate between the programs, each a process of its own, so
that a machine that gets slower or faster for a while treats them alike; of the medians of the rounds the smallest
counts, for every program. A framework that is not installed is named and left out.
"""

import argparse
import json
import sys

import frameworks
import programs
import results
import table


def keep_best(best, framework, report):
    for row in report["results"]:
        entry = best.setdefault((row["name"], row["shape"]), {})
        time = row["medianMicroseconds"]
        entry[framework] = min(entry.get(framework, time), time)


def compare(options, threads, names):
    """One table: each program in its turn, as often as there are rounds."""
    best, versions, device = {}, {}, None
    for number in range(options.rounds):
        print("round %d of %d, %s" % (number + 1, options.rounds, table.threads_text(threads)), file=sys.stderr)
        report = programs.ours(options, threads)
        if report:
            device = report["device"]
            keep_best(best, "nn", report)
        for name in names:
            report = programs.theirs(options, threads, name)
            versions[name] = report["version"]
            keep_best(best, name, report)
        if programs.has_first_step(options):
            keep_best(best, "nn", programs.our_first_step(options, threads))
            for name in names:
                if name in frameworks.TRAINERS:
                    keep_best(best, name, programs.their_first_step(options, threads, name))
    rows = []
    for (name, shape), times in best.items():
        ratio = {n: times[n] / times["nn"] for n in names if n in times and "nn" in times}
        rows.append({"name": name, "shape": shape, "microseconds": times, "ratio": ratio})
    return {"threads": threads or None, "device": device, "versions": versions, "results": rows}


def present(options):
    """The frameworks asked for that are there; the others are named."""
    names = [name for name in options.frameworks.split(",") if name]
    for name in names:
        if name not in frameworks.NAMES:
            sys.exit("compare: no framework '%s'; there are %s" % (name, ", ".join(frameworks.NAMES)))
    if options.device != "cpu":
        # The other frameworks are installed for the processor alone.
        names = [name for name in names if name == "torch"]
    found = []
    for name in names:
        missing = programs.missing(name)
        if missing:
            print("left out: %s (%s)" % (name, missing), file=sys.stderr)
        else:
            found.append(name)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bench", required=True, help="the nn-bench to run")
    parser.add_argument("--nn", required=True, help="the nn to run")
    parser.add_argument("--device", default="cpu", choices=["cpu", "gpu"], help="cpu or gpu (CUDA in PyTorch)")
    parser.add_argument("--threads", default="1,0", help="thread counts, 0 for the default of each framework")
    parser.add_argument("--filter", action="append", default=[], help="only what has this text in its name or shape")
    parser.add_argument("--frameworks", default=",".join(frameworks.NAMES), help="which, separated by commas")
    parser.add_argument("--rounds", type=int, default=2, help="turns of each program")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter runs")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--save", action="store_true", help="keep the JSON object in Benchmarks/results")
    options = parser.parse_args()
    names = present(options)
    counts = [int(text) for text in options.threads.split(",")] if options.device == "cpu" else [0]
    reports = []
    for threads in counts:
        reports.append(compare(options, threads, names))
        if not options.json:
            table.show(reports[-1], names)
    if options.json:
        print(json.dumps({"runs": reports}))
    if options.save:
        print("kept in " + results.save(reports), file=sys.stderr)


if __name__ == "__main__":
    main()
