"""JAX's training step of the CIFAR-10 network in its best form: one jit of a scan over many steps, with everything on the GPU."""

import functools
import time

import timing

NAME = "JAX jit + scan"

arguments = timing.parse_arguments(("scan",))
try:
    import jax
    import jax.numpy as jnp
    from jax import lax
except ImportError as fault:
    timing.skip(f"JAX is not installed: {fault}")
if jax.default_backend() != "gpu":
    timing.skip(f"JAX has no GPU: its backend is {jax.default_backend()}")

BATCHES_ON_DEVICE = 8
LEARNING_RATE = 1e-4
MATMUL_PRECISION = {"float32": "float32", "tf32": "tensorfloat32", "bf16": "bfloat16"}


def glorot(key, shape, fan_in, fan_out):
    limit = (6.0 / (fan_in + fan_out)) ** 0.5
    return jax.random.uniform(key, shape, minval=-limit, maxval=limit)


def make_parameters(key):
    keys = jax.random.split(key, 6)
    parameters = []
    for index, (channels, filters) in enumerate(((3, 32), (32, 32), (32, 64), (64, 64))):
        parameters.append(glorot(keys[index], (3, 3, channels, filters), 9 * channels, 9 * filters))
        parameters.append(jnp.zeros(filters))
    for index, (inputs, units) in enumerate(((2304, 512), (512, 10))):
        parameters.append(glorot(keys[4 + index], (inputs, units), inputs, units))
        parameters.append(jnp.zeros(units))
    return parameters


def convolve(x, kernel, bias, padding):
    y = lax.conv_general_dilated(x, kernel, (1, 1), padding, dimension_numbers=("NHWC", "HWIO", "NHWC"))
    return jax.nn.relu(y + bias)


def pool(x):
    return lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")


def drop(key, rate, x):
    return jnp.where(jax.random.bernoulli(key, 1 - rate, x.shape), x / (1 - rate), 0).astype(x.dtype)


def compute_loss(parameters, images, labels, key, dtype):
    p = [parameter.astype(dtype) for parameter in parameters]
    keys = jax.random.split(key, 3)
    x = convolve(images.astype(dtype), p[0], p[1], "SAME")
    x = drop(keys[0], 0.25, pool(convolve(x, p[2], p[3], "VALID")))
    x = convolve(x, p[4], p[5], "SAME")
    x = drop(keys[1], 0.25, pool(convolve(x, p[6], p[7], "VALID")))
    x = x.reshape(x.shape[0], -1)
    x = drop(keys[2], 0.5, jax.nn.relu(x @ p[8] + p[9]))
    logits = (x @ p[10] + p[11]).astype(jnp.float32)
    return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(logits), labels[:, None], axis=1))


def adam(parameters, firsts, seconds, gradients, step):
    rate = LEARNING_RATE * jnp.sqrt(1 - 0.999**step) / (1 - 0.9**step)
    firsts = [0.9 * m + 0.1 * g for m, g in zip(firsts, gradients)]
    seconds = [0.999 * v + 0.001 * g * g for v, g in zip(seconds, gradients)]
    parameters = [p - rate * m / (jnp.sqrt(v) + 1e-7) for p, m, v in zip(parameters, firsts, seconds)]
    return parameters, firsts, seconds


@functools.partial(jax.jit, static_argnames=("steps", "dtype"), donate_argnums=(0,))
def train(state, images, labels, steps, dtype):
    def train_step(carried, index):
        parameters, firsts, seconds, count, key = carried
        key, dropout_key = jax.random.split(key)
        batch = index % BATCHES_ON_DEVICE
        gradients = jax.grad(compute_loss)(parameters, images[batch], labels[batch], dropout_key, dtype)
        parameters, firsts, seconds = adam(parameters, firsts, seconds, gradients, count + 1.0)
        return (parameters, firsts, seconds, count + 1.0, key), None

    return lax.scan(train_step, state, jnp.arange(steps))[0]


class Trainer:
    def __init__(self, precision, batch):
        keys = jax.random.split(jax.random.PRNGKey(0, impl="rbg"), 4)  # the fast generator
        parameters = make_parameters(keys[0])
        zeros = [jnp.zeros_like(parameter) for parameter in parameters]
        self.state = (parameters, zeros, [jnp.zeros_like(zero) for zero in zeros], jnp.float32(0), keys[1])
        self.images = jax.random.uniform(keys[2], (BATCHES_ON_DEVICE, batch, 32, 32, 3))
        self.labels = jax.random.randint(keys[3], (BATCHES_ON_DEVICE, batch), 0, 10)
        self.dtype = "bfloat16" if precision == "bf16" else "float32"

    def time_block(self, steps):
        begin = time.perf_counter()
        self.state = train(self.state, self.images, self.labels, steps, self.dtype)
        jax.block_until_ready(self.state)
        return time.perf_counter() - begin


def peak_bytes():
    statistics = jax.devices()[0].memory_stats() or {}
    return statistics.get("peak_bytes_in_use", 0)


def measure(precision, batch, seconds):
    with jax.default_matmul_precision(MATMUL_PRECISION[precision]):
        begin = time.perf_counter()
        trainer = Trainer(precision, batch)
        trainer.time_block(1)
        first_step = time.perf_counter() - begin
        # Always the same number of steps: a scan of another length would be compiled anew.
        steps = 64 if batch >= 512 else 256
        trainer.time_block(steps)
        samples, total = [], 0.0
        while len(samples) < timing.LEAST_BLOCKS or total < seconds:
            duration = trainer.time_block(steps)
            total += duration
            samples.append(duration / steps * 1e6)
    # The peak is of the process so far; it cannot be reset.
    timing.report(NAME, precision, batch, sorted(samples), first_step, peak_bytes(), "host, blocks", version=jax.__version__)


for wanted_batch in arguments.batch:
    for wanted_precision in arguments.precision:
        try:
            measure(wanted_precision, wanted_batch, arguments.seconds)
        except Exception as fault:  # whatever it is, the next configuration may work
            timing.report_failure(NAME, wanted_precision, wanted_batch, fault)
