"""Times in one framework what nn-bench times, under the same names, and prints JSON with nn-bench's keys.

With --first-step it trains one step and stops, for a clock outside. A framework that is not there is named under
"missing", and the process ends well.
"""

import argparse
import json
import os

import frameworks
import rows
import timing


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--framework", choices=frameworks.NAMES, required=True)
    parser.add_argument("--device", default="cpu", choices=["cpu", "gpu"])
    parser.add_argument("--threads", type=int, default=0, help="0: as many as the framework takes by itself")
    parser.add_argument("--filter", action="append", default=[])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--first-step", action="store_true")
    parser.add_argument("--check", action="store_true", help="only say whether the framework is there")
    options = parser.parse_args()

    try:
        framework = frameworks.load(options.framework, options.device, options.threads)
    except (ImportError, OSError) as error:
        print(json.dumps({"framework": options.framework, "missing": str(error)}))
        return
    report = {"framework": options.framework, "version": framework.version, "device": options.device, "results": []}
    if options.first_step:
        framework.synchronize(framework.training_step(32)())
    elif not options.check:
        report["threads"] = options.threads or len(os.sched_getaffinity(0))
        report["results"] = results(framework, options)
    print(json.dumps(report))


def results(framework, options):
    effort, found = timing.QUICK if options.quick else timing.FULL, []
    for row in rows.selected(options.filter, options.quick):
        method = getattr(framework, row.method, None)
        operation = method(*row.arguments) if method else None
        if operation is None:
            continue
        times = [max(0, time - framework.call_seconds) * 1e6
                 for time in timing.measure(operation, framework.synchronize, effort)]
        found.append({"name": row.name, "shape": row.shape, "medianMicroseconds": times[0],
                      "minMicroseconds": times[1]})
    return found


if __name__ == "__main__":
    main()
