"""The table that a person reads."""


def threads_text(threads):
    return "%d thread%s" % (threads, "" if threads == 1 else "s") if threads else "default threads"


def number(value):
    if value is None:
        return "-"
    return "%.3f" % value if value < 10 else "%.1f" % value if value < 1000 else "%.0f" % value


def show(report, names):
    """Prints the times of this package, and for each framework its times and the ratio. Rows of one program alone are
    left out: they compare nothing."""
    rows = [row for row in report["results"] if row["ratio"]]
    names = [name for name in names if any(name in row["ratio"] for row in rows)]
    device = report["device"]
    used = "%s (%s), " % (device["used"], device["name"]) if device else ""
    print(used + threads_text(report["threads"]))
    print(", ".join("%s %s" % (name, report["versions"][name]) for name in names))
    header = ["operation", "shape", "nn µs"]
    for name in names:
        header += [name + " µs", "ratio"]
    lines = [header]
    for row in rows:
        line = [row["name"], row["shape"], number(row["microseconds"]["nn"])]
        for name in names:
            ratio = row["ratio"].get(name)
            line += [number(row["microseconds"].get(name)), "-" if ratio is None else "%.2fx" % ratio]
        lines.append(line)
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    for line in lines:
        cells = [c.ljust(w) if i < 2 else c.rjust(w) for i, (c, w) in enumerate(zip(line, widths))]
        print("  ".join(cells).rstrip())
    print()
