"""The clock of nn-bench: batches of calls with the synchronization inside, and the median over the batches."""

import time

FULL = {"warm_up": 0.05, "batch": 0.01, "batches": 25, "limit": 2.0}
QUICK = {"warm_up": 0.01, "batch": 0.002, "batches": 9, "limit": 0.2}


def measure(operation, synchronize, effort):
    """Median and minimum of the seconds that one call takes. `synchronize` waits for what a call returned."""

    def seconds(calls):
        start = time.perf_counter()
        for _ in range(calls):
            last = operation()
        synchronize(last)
        return time.perf_counter() - start

    seconds(1)
    calls, elapsed = 1, seconds(1)
    warm = elapsed
    while warm < effort["warm_up"] or (elapsed < effort["batch"] and calls < 1 << 24):
        if elapsed < effort["batch"]:
            calls = max(calls + 1, min(calls * 10, int(calls * effort["batch"] / max(elapsed, 1e-9)) + 1))
        elapsed = seconds(calls)
        warm += elapsed
    times, end = [], time.perf_counter() + effort["limit"]
    while len(times) < 3 or (len(times) < effort["batches"] and time.perf_counter() < end):
        times.append(seconds(calls) / calls)
        if len(times) == 1 and times[0] * calls > effort["limit"]:
            break
    times.sort()
    middle = len(times) // 2
    median = times[middle] if len(times) % 2 else (times[middle - 1] + times[middle]) / 2
    return median, times[0]
