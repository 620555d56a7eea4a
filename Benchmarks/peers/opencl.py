"""Runs the products of nn-bench and of CLBlast on one OpenCL device in turns, and prints rates and their ratio.

A ratio above 1 means that this package is faster. Rounds alternate, each program in a process of its own; of the medians
of the rounds the smallest counts, for both.
"""

import argparse
import json
import os
import sys

import programs
import table


def keep_best(best, program, report):
    for row in report["results"]:
        times = best.setdefault((row["name"], row["shape"]), {})
        times[program] = min(times.get(program, row["medianMicroseconds"]), row["medianMicroseconds"])


def result(name, shape, times):
    m, k, n = (int(extent) for extent in shape.split("x"))
    rates = {program: 2e-3 * m * k * n / time for program, time in times.items()}
    return {"name": name, "shape": shape, "microseconds": times, "gflops": rates,
            "ratio": times["clblast"] / times["nn"]}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bench", required=True, help="the nn-bench to run")
    parser.add_argument("--device", default="opencl:0:0", help="opencl:P:D, as 'nn devices' lists them")
    parser.add_argument("--filter", action="append", default=[], help="only what has this text in its name or shape")
    parser.add_argument("--rounds", type=int, default=2, help="turns of each program")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter runs")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    theirs = [sys.executable, os.path.join(os.path.dirname(os.path.abspath(__file__)), "clblast.py")]
    check = programs.run(theirs + ["--check", "--device", options.device])
    if "missing" in check:
        sys.exit("opencl: " + check["missing"])
    arguments = ["--device", options.device] + (["--quick"] if options.quick else [])
    for text in options.filter or ["matmul"]:
        arguments += ["--filter", text]
    best = {}
    for number in range(options.rounds):
        print("round %d of %d" % (number + 1, options.rounds), file=sys.stderr)
        keep_best(best, "nn", programs.run([options.bench, "--json"] + arguments))
        keep_best(best, "clblast", programs.run(theirs + arguments))
    results = [result(*key, times) for key, times in best.items() if len(times) == 2]
    if options.json:
        print(json.dumps({"device": check["device"], "results": results}))
    else:
        show(options.device, check["device"], results)


def show(identifier, device, results):
    print("%s (%s)" % (identifier, device))
    lines = [["operation", "shape", "nn µs", "CLBlast µs", "nn GFLOP/s", "CLBlast GFLOP/s", "ratio"]]
    for row in results:
        columns = [row[key][program] for key in ("microseconds", "gflops") for program in ("nn", "clblast")]
        lines.append([row["name"], row["shape"], *map(table.number, columns), "%.2fx" % row["ratio"]])
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    for line in lines:
        cells = [c.ljust(w) if i < 2 else c.rjust(w) for i, (c, w) in enumerate(zip(line, widths))]
        print("  ".join(cells).rstrip())


if __name__ == "__main__":
    main()
