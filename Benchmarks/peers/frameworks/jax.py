"""JAX with every operation compiled by jit, the training step as one function with its state donated."""

import jax
import jax.numpy as jnp

UNARY = {"relu": jax.nn.relu, "sigmoid": jax.nn.sigmoid, "tanh": jnp.tanh, "exp": jnp.exp, "log": jnp.log,
         "gelu": lambda x: jax.nn.gelu(x, approximate=False)}
REDUCTIONS = {
    "sum": jnp.sum, "sum rows": lambda x: x.sum(1), "sum columns": lambda x: x.sum(0), "max rows": lambda x: x.max(1),
    "argmax rows": lambda x: x.argmax(1), "argmax columns": lambda x: x.argmax(0),
    "sum of the first axis": lambda x: x.sum(0), "sum of the middle axis": lambda x: x.sum(1),
    "sum of the last axis": lambda x: x.sum(2), "cumulative sum of rows": lambda x: x.cumsum(1),
    "cumulative sum of columns": lambda x: x.cumsum(0),
}


def cross_entropy(logits, labels):
    return -jnp.take_along_axis(jax.nn.log_softmax(logits), labels[:, None], axis=1).mean()


def apply(parameters, x):
    (w1, b1), (w2, b2) = parameters
    return jax.nn.relu(x @ w1 + b1) @ w2 + b2


def adam(parameters, gradients, state, learning_rate):
    """One step of Adam; the state is the number of steps and both moments."""
    count, first, second = state
    count += 1
    first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, gradients)
    second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, second, gradients)
    rate = learning_rate * jnp.sqrt(1 - 0.999 ** count) / (1 - 0.9 ** count)
    moved = jax.tree.map(lambda p, m, v: p - rate * m / (jnp.sqrt(v) + 1e-8), parameters, first, second)
    return moved, (count, first, second)


def compiled(function, *operands):
    """A call of `function` that returns when its result is there."""
    function = jax.jit(function)
    return lambda: function(*operands).block_until_ready()


class Framework:
    call_seconds = 0

    def __init__(self, device, threads):
        self.version = jax.__version__
        self.key = jax.random.key(1)

    def synchronize(self, result):
        jax.block_until_ready(result)

    def uniform(self, *shape, low=-1.0):
        self.key, key = jax.random.split(self.key)
        return jax.random.uniform(key, shape, minval=low, maxval=1)

    def labels(self, count, classes):
        return (jnp.arange(count) * 7) % classes

    def parameters(self):
        return [(0.05 * self.uniform(784, 128), jnp.zeros(128)), (0.05 * self.uniform(128, 10), jnp.zeros(10))]

    def adam_state(self, parameters):
        # Each moment has memory of its own: it is given away at every step.
        return jnp.zeros(()), jax.tree.map(jnp.zeros_like, parameters), jax.tree.map(jnp.zeros_like, parameters)

    def matmul(self, transposition, m, k, n):
        a = self.uniform(*((k, m) if transposition[0] == "T" else (m, k)))
        b = self.uniform(*((n, k) if transposition[1] == "T" else (k, n)))

        def function(a, b):
            return (a.T if transposition[0] == "T" else a) @ (b.T if transposition[1] == "T" else b)
        return compiled(function, a, b)

    def linear_relu(self, m, k, n):
        return compiled(lambda x, w, b: jax.nn.relu(x @ w + b), self.uniform(m, k), self.uniform(k, n), self.uniform(n))

    def binary(self, name, shape):
        others = {"bias-add": shape[1:], "times column": (shape[0], 1)}
        function = jnp.multiply if name == "times column" else jnp.add
        return compiled(function, self.uniform(*shape), self.uniform(*others.get(name, shape)))

    def unary(self, name, shape):
        return compiled(UNARY[name], self.uniform(*shape, low=0.01 if name == "log" else -1.0))

    def reduction(self, name, shape):
        return compiled(REDUCTIONS[name], self.uniform(*shape))

    def softmax(self, name, shape):
        logits, labels = self.uniform(*shape), self.labels(*shape)
        if name in ("softmax", "log-softmax"):
            return compiled(jax.nn.softmax if name == "softmax" else jax.nn.log_softmax, logits)
        return compiled(cross_entropy if name == "cross-entropy" else jax.grad(cross_entropy), logits, labels)

    def copy(self, count):
        return compiled(jnp.copy, self.uniform(count))

    def transpose(self, size):
        return compiled(jnp.transpose, self.uniform(size, size))

    def forward(self, batch):
        return compiled(apply, self.parameters(), self.uniform(batch, 784))

    predictor = forward

    def training_step(self, batch):
        images, labels = self.uniform(batch, 784), self.labels(batch, 10)

        def step(parameters, state, images, labels):
            loss, gradients = jax.value_and_grad(lambda p: cross_entropy(apply(p, images), labels))(parameters)
            return *adam(parameters, gradients, state, 1e-3), loss
        return self.repeated(step, images, labels)

    def adam_step(self):
        def step(parameters, state, gradients):
            return *adam(parameters, gradients, state, 1e-6), jnp.zeros(())
        return self.repeated(step, self.parameters())

    def repeated(self, step, *operands):
        """Each call takes the parameters and the state that the last one left; the wait is for the last of a batch."""
        step = jax.jit(step, donate_argnums=(0, 1))
        parameters = self.parameters()
        state = self.adam_state(parameters)

        def operation():
            nonlocal parameters, state
            parameters, state, loss = step(parameters, state, *operands)
            return parameters, loss
        return operation

    def overhead(self):
        return self.binary("add", (4,))

    def overhead_with_gradient(self):
        return compiled(jax.grad(lambda a, b: (a + b).sum()), self.uniform(4), self.uniform(4))
