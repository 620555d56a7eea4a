"""Runs nn-bench and the same work in other frameworks in turns, and prints how long each takes and the ratios.

A ratio above 1 means that this package is faster. Rounds alternate between the programs, so that a machine that gets
slower or faster for a while treats them alike; of the medians of the rounds the smallest counts, for every program.
"""

import argparse
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def run(command, threads):
    environment = dict(os.environ)
    if threads:
        # Read by the libraries when they are loaded, which is why every round is a process of its own.
        for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NN_NUM_THREADS"):
            environment[name] = str(threads)
    process = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if process.returncode != 0:
        lines = process.stderr.strip().splitlines()
        sys.exit("compare: %s failed: %s" % (os.path.basename(command[0]), lines[-1] if lines else "no message"))
    return json.loads(process.stdout)


def keep_best(best, framework, report):
    for row in report["results"]:
        entry = best.setdefault((row["name"], row["shape"]), {})
        time = row["medianMicroseconds"]
        entry[framework] = min(entry.get(framework, time), time)


def measure(options, threads):
    ours = [options.bench, "--json", "--device", options.device]
    theirs = [sys.executable, os.path.join(HERE, "measure.py"), "--device", options.device]
    for command in (ours, theirs):
        for text in options.filter:
            command += ["--filter", text]
        if options.quick:
            command += ["--quick"]
    if threads:
        ours += ["--threads", str(threads)]
        theirs += ["--threads", str(threads)]
    best, versions, device = {}, {}, None
    for _ in range(options.rounds):
        report = run(ours, threads)
        device = report["device"]
        keep_best(best, "nn", report)
        for framework in options.frameworks:
            report = run(theirs + ["--framework", framework], threads)
            versions[framework] = report["version"]
            keep_best(best, framework, report)
    rows = []
    for (name, shape), times in best.items():
        row = {"name": name, "shape": shape, "microseconds": times}
        row["ratio"] = {f: times[f] / times["nn"] for f in options.frameworks if f in times and "nn" in times}
        rows.append(row)
    return {"threads": threads or None, "device": device, "versions": versions, "results": rows}


def number(value):
    if value is None:
        return "-"
    return "%.3f" % value if value < 10 else "%.1f" % value if value < 1000 else "%.0f" % value


def print_table(report, frameworks):
    threads = report["threads"]
    used = report["device"]["used"] + " (" + report["device"]["name"] + ")"
    print("%s, %s" % (used, "%d thread%s" % (threads, "" if threads == 1 else "s") if threads else "default threads"))
    print(", ".join("%s %s" % (f, report["versions"][f]) for f in frameworks))
    header = ["operation", "shape", "nn µs"]
    for framework in frameworks:
        header += [framework + " µs", "ratio"]
    table = [header]
    for row in report["results"]:
        line = [row["name"], row["shape"], number(row["microseconds"].get("nn"))]
        for framework in frameworks:
            ratio = row["ratio"].get(framework)
            line += [number(row["microseconds"].get(framework)), "-" if ratio is None else "%.2fx" % ratio]
        table.append(line)
    widths = [max(len(line[column]) for line in table) for column in range(len(header))]
    for line in table:
        cells = [c.ljust(w) if i < 2 else c.rjust(w) for i, (c, w) in enumerate(zip(line, widths))]
        print("  ".join(cells).rstrip())
    print()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bench", required=True, help="the nn-bench to run")
    parser.add_argument("--device", default="cpu", help="cpu or gpu (CUDA in PyTorch)")
    parser.add_argument("--threads", default="1,0", help="thread counts, 0 for the default of each framework")
    parser.add_argument("--filter", action="append", default=[], help="only what has this text in its name or shape")
    parser.add_argument("--frameworks", default="torch,numpy", help="torch, numpy or both")
    parser.add_argument("--rounds", type=int, default=2, help="turns of each program")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter runs")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    options.frameworks = [f for f in options.frameworks.split(",") if not (f == "numpy" and options.device != "cpu")]
    counts = [int(text) for text in options.threads.split(",")] if options.device == "cpu" else [0]
    reports = []
    for threads in counts:
        report = measure(options, threads)
        reports.append(report)
        if not options.json:
            print_table(report, options.frameworks)
    if options.json:
        print(json.dumps({"runs": reports}))


if __name__ == "__main__":
    main()
