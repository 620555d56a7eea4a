"""One module for each framework, with a class `Framework(device, threads)` whose methods are those of rows.py.

Its attributes are `version` and `call_seconds`, what a call costs that is not the framework's (0 but for a library that
is called through ctypes); `synchronize(result)` waits for what a call returned.
"""

import importlib
import os

# The name of a framework, its module, and what must be in the environment before it is loaded.
_MODULES = {
    "torch": ("torch", {}),
    "jax": ("jax", {"JAX_PLATFORMS": "cpu"}),
    "openvino": ("openvino", {}),
    "keras": ("keras", {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}),
    "numpy": ("numpy", {}),
    "openblas": ("openblas", {}),
    # Kernels for AVX-512, which a version older than the processor does not choose by itself.
    "openblas-skylakex": ("openblas", {"OPENBLAS_CORETYPE": "SkylakeX"}),
}
NAMES = list(_MODULES)
# Those that train, and so have a first step.
TRAINERS = ["torch", "jax", "keras"]
# Those that take a thread count through no setting: the number of processors that they see bounds them.
_BOUND_BY_PROCESSORS = ["jax"]


def load(name, device, threads):
    """The framework, on `threads` threads (0: its own choice). Raises ImportError or OSError where it is missing."""
    module, environment = _MODULES[name]
    os.environ.update(environment)
    if threads:
        for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
            os.environ[variable] = str(threads)
        if name in _BOUND_BY_PROCESSORS:
            os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-threads:])
    return importlib.import_module("frameworks." + module).Framework(device, threads)
