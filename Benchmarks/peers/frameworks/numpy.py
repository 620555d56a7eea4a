"""NumPy, with the BLAS that it was built with."""

import numpy as np

UNARY = {"relu": lambda x: np.maximum(x, 0), "tanh": np.tanh, "exp": np.exp, "log": np.log}
REDUCTIONS = {
    "sum": np.sum, "sum rows": lambda x: x.sum(1), "sum columns": lambda x: x.sum(0), "max rows": lambda x: x.max(1),
    "argmax rows": lambda x: x.argmax(1), "argmax columns": lambda x: x.argmax(0),
    "sum of the first axis": lambda x: x.sum(0), "sum of the middle axis": lambda x: x.sum(1),
    "sum of the last axis": lambda x: x.sum(2), "cumulative sum of rows": lambda x: x.cumsum(1),
    "cumulative sum of columns": lambda x: x.cumsum(0),
}


class Framework:
    call_seconds = 0

    def __init__(self, device, threads):
        self.version = np.__version__
        self.generator = np.random.default_rng(1)

    def synchronize(self, _):
        pass

    def uniform(self, *shape, low=-1.0):
        return self.generator.random(shape, dtype=np.float32) * np.float32(1 - low) + np.float32(low)

    def matmul(self, transposition, m, k, n):
        a = self.uniform(k, m).T if transposition[0] == "T" else self.uniform(m, k)
        b = self.uniform(n, k).T if transposition[1] == "T" else self.uniform(k, n)
        return lambda: a @ b

    def binary(self, name, shape):
        others = {"bias-add": shape[1:], "times column": (shape[0], 1)}
        x, y = self.uniform(*shape), self.uniform(*others.get(name, shape))
        return (lambda: x * y) if name == "times column" else (lambda: x + y)

    def unary(self, name, shape):
        function, x = UNARY.get(name), self.uniform(*shape, low=0.01 if name == "log" else -1.0)
        return (lambda: function(x)) if function else None

    def reduction(self, name, shape):
        function, x = REDUCTIONS[name], self.uniform(*shape)
        return lambda: function(x)

    def softmax(self, name, shape):
        x = self.uniform(*shape)

        def operation():
            e = np.exp(x - x.max(-1, keepdims=True))
            return e / e.sum(-1, keepdims=True)
        return operation if name == "softmax" else None

    def copy(self, count):
        source, destination = self.uniform(count), self.uniform(count)
        return lambda: np.copyto(destination, source)

    def transpose(self, size):
        x = self.uniform(size, size)
        return lambda: np.ascontiguousarray(x.T)

    def overhead(self):
        return self.binary("add", (4,))
