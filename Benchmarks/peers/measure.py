"""Times in PyTorch or NumPy what nn-bench times, under the same names, and prints JSON with nn-bench's keys."""

import argparse
import json
import time

FULL = {"warm_up": 0.05, "batch": 0.01, "batches": 25, "limit": 2.0}
QUICK = {"warm_up": 0.01, "batch": 0.002, "batches": 9, "limit": 0.2}
LARGE_PRODUCT, LARGE_COUNT = 1 << 30, 1 << 20


def measure(operation, synchronize, effort):
    """Seconds of one call, by the method of nn-bench: batches of calls with the synchronisation inside the clock."""

    def seconds(calls):
        start = time.perf_counter()
        for _ in range(calls):
            operation()
        synchronize()
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


def shapes():
    """The matrix products of nn-bench: (name, m, k, n)."""
    squares = [("matmul NN", n, n, n) for n in (64, 128, 256, 512, 1024, 2048, 4096)]
    return squares + [
        ("matmul NN", 32, 784, 128), ("matmul NN", 128, 784, 128), ("matmul TN", 784, 32, 128),
        ("matmul NT", 32, 128, 784), ("matmul NN", 1, 784, 128), ("matmul NN", 32, 128, 10),
        ("matmul NN", 512, 4096, 1024),
    ]


def text(*extents):
    return "x".join(str(e) for e in extents)


def torch_cases(device):
    """(name, shape, is large, function that returns the operation)."""
    import torch
    from torch.nn import functional as F

    def uniform(*shape):
        return torch.rand(*shape, device=device) * 2 - 1

    def case(function, *tensors):
        return lambda: function(*tensors)

    def product(name, m, k, n):
        def prepare():
            a = uniform(k, m).t() if name == "matmul TN" else uniform(m, k)
            b = uniform(n, k).t() if name == "matmul NT" else uniform(k, n)
            return case(torch.mm, a, b)
        return name, text(m, k, n), m * k * n > LARGE_PRODUCT, prepare

    cases = [product(*shape) for shape in shapes()]
    for m, k, n in ((32, 784, 128), (128, 784, 128)):
        cases.append(("linear relu", text(m, k, n), False, lambda m=m, k=k, n=n: case(
            lambda x, w, b: torch.relu(torch.addmm(b, x, w)), uniform(m, k), uniform(k, n), uniform(n))))

    def add(name, shape, function):
        large = shape[0] * (shape[1] if len(shape) > 1 else 1) > LARGE_COUNT
        cases.append((name, text(*shape), large, lambda: case(function, uniform(*shape))))

    for shape in ((32, 128), (128, 784), (4096, 4096)):
        cases.append(("bias-add", text(*shape), shape[0] * shape[1] > LARGE_COUNT, lambda s=shape: case(
            torch.add, uniform(*s), uniform(s[1]))))
    for shape in ((32, 128), (4096, 4096)):
        cases.append(("add", text(*shape), shape[0] * shape[1] > LARGE_COUNT, lambda s=shape: case(
            torch.add, uniform(*s), uniform(*s))))
        for name, function in (("relu", torch.relu), ("sigmoid", torch.sigmoid), ("tanh", torch.tanh),
                               ("gelu", F.gelu), ("exp", torch.exp)):
            add(name, shape, function)
        add("sum", shape, torch.sum)
        add("sum rows", shape, lambda x: torch.sum(x, 1))
        add("sum columns", shape, lambda x: torch.sum(x, 0))
    add("max rows", (4096, 4096), lambda x: torch.amax(x, 1))
    for shape in ((32, 10), (4096, 4096)):
        add("argmax rows", shape, lambda x: torch.argmax(x, 1))

    def cross_entropy(shape, with_gradient):
        def prepare():
            logits = uniform(*shape).requires_grad_(with_gradient)
            labels = (torch.arange(shape[0], device=device) * 7) % shape[1]
            if not with_gradient:
                return lambda: F.cross_entropy(logits, labels)
            return lambda: torch.autograd.grad(F.cross_entropy(logits, labels), logits)
        name = "cross-entropy gradient" if with_gradient else "cross-entropy"
        return name, text(*shape), shape[0] * shape[1] > LARGE_COUNT, prepare

    for shape in ((32, 10), (128, 1000), (4096, 4096)):
        add("softmax", shape, lambda x: torch.softmax(x, -1))
        cases.extend(cross_entropy(shape, with_gradient) for with_gradient in (False, True))
    for count in (1 << 12, 1 << 24):
        cases.append(("copy", str(count), count > LARGE_COUNT, lambda n=count: case(
            lambda a, b: b.copy_(a), uniform(n), uniform(n))))
    for size in (128, 4096):
        add("transpose", (size, size), lambda x: x.t().contiguous())
    return cases + torch_training(device, uniform)


def torch_training(device, uniform):
    import torch
    from torch.nn import functional as F

    def model():
        return torch.nn.Sequential(torch.nn.Linear(784, 128), torch.nn.ReLU(), torch.nn.Linear(128, 10)).to(device)

    def forward(batch):
        network, images = model(), uniform(batch, 784)

        def operation():
            with torch.inference_mode():
                network(images)
        return operation

    def step(batch):
        network, images = model(), uniform(batch, 784)
        labels = (torch.arange(batch, device=device) * 7) % 10
        optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)

        def operation():
            optimizer.zero_grad()
            F.cross_entropy(network(images), labels).backward()
            optimizer.step()
        return operation

    def adam():
        network = model()
        optimizer = torch.optim.Adam(network.parameters(), lr=1e-6)
        network(uniform(32, 784)).square().mean().backward()
        return optimizer.step

    def overhead():
        a, b = uniform(4), uniform(4)
        return lambda: a + b

    def overhead_gradient():
        a, b = uniform(4).requires_grad_(), uniform(4)
        return lambda: torch.autograd.grad((a + b).sum(), a)

    cases = [("forward", "784-128-10 batch %d" % b, False, lambda b=b: forward(b)) for b in (1, 32, 128)]
    cases += [("training step", "784-128-10 batch %d" % b, False, lambda b=b: step(b)) for b in (32, 128)]
    cases.append(("adam step", "101770", False, adam))
    cases.append(("overhead add", "4", False, overhead))
    cases.append(("overhead add with gradient", "4", False, overhead_gradient))
    return cases


def numpy_cases():
    import numpy as np

    generator = np.random.default_rng(1)

    def uniform(*shape):
        return generator.random(shape, dtype=np.float32) * 2 - 1

    def product(name, m, k, n):
        def prepare():
            a = uniform(k, m).T if name == "matmul TN" else uniform(m, k)
            b = uniform(n, k).T if name == "matmul NT" else uniform(k, n)
            return lambda: a @ b
        return name, text(m, k, n), m * k * n > LARGE_PRODUCT, prepare

    def softmax(x):
        e = np.exp(x - x.max(-1, keepdims=True))
        return e / e.sum(-1, keepdims=True)

    cases = [product(*shape) for shape in shapes()]

    def add(name, shape, function):
        large = shape[0] * shape[1] > LARGE_COUNT

        def prepare():
            x = uniform(*shape)
            return lambda: function(x)
        cases.append((name, text(*shape), large, prepare))

    for shape in ((32, 128), (128, 784), (4096, 4096)):
        bias = uniform(shape[1])
        add("bias-add", shape, lambda x, bias=bias: x + bias)
    for shape in ((32, 128), (4096, 4096)):
        add("add", shape, lambda x: x + x)
        add("relu", shape, lambda x: np.maximum(x, 0))
        add("tanh", shape, np.tanh)
        add("exp", shape, np.exp)
        add("sum", shape, np.sum)
        add("sum rows", shape, lambda x: x.sum(1))
        add("sum columns", shape, lambda x: x.sum(0))
    for shape in ((32, 10), (128, 1000), (4096, 4096)):
        add("softmax", shape, softmax)
    for size in (128, 4096):
        add("transpose", (size, size), lambda x: np.ascontiguousarray(x.T))
    small = uniform(4), uniform(4)
    cases.append(("overhead add", "4", False, lambda: lambda: small[0] + small[1]))
    return cases


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--framework", choices=["torch", "numpy"], default="torch")
    parser.add_argument("--device", default="cpu", help="cpu or gpu")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--filter", action="append", default=[])
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()

    synchronize = lambda: None
    if options.framework == "torch":
        import torch
        version = torch.__version__
        device = "cpu" if options.device == "cpu" else "cuda"
        if options.threads:
            torch.set_num_threads(options.threads)
        if device == "cuda":
            synchronize = torch.cuda.synchronize
        # Like with like: float32 products in float32, not in TF32.
        torch.set_float32_matmul_precision("highest")
        cases, threads = torch_cases(device), torch.get_num_threads()
    else:
        import numpy
        version, device, threads = numpy.__version__, "cpu", options.threads or None
        cases = numpy_cases()

    effort, results = QUICK if options.quick else FULL, []
    for name, shape, large, prepare in cases:
        title = name + " " + shape
        if (options.quick and large) or (options.filter and not any(f in title for f in options.filter)):
            continue
        median, minimum = measure(prepare(), synchronize, effort)
        results.append({"name": name, "shape": shape, "medianMicroseconds": median * 1e6,
                        "minMicroseconds": minimum * 1e6})
    print(json.dumps({"framework": options.framework, "version": version, "device": device, "threads": threads,
                      "results": results}))


if __name__ == "__main__":
    main()
