"""OpenBLAS as the system has it: products alone, through ctypes.

What ctypes costs is measured on a product without rows, which returns at once, and taken off every time.
"""

import array
import ctypes
from ctypes import c_float, c_int

import timing

ROW_MAJOR, NO_TRANSPOSE, TRANSPOSE = 101, 111, 112


class Framework:
    def __init__(self, device, threads):
        self.library = ctypes.CDLL("libopenblas.so.0")
        self.library.openblas_get_config.restype = ctypes.c_char_p
        self.library.openblas_get_corename.restype = ctypes.c_char_p
        name = self.library.openblas_get_config().decode().split()[1]
        self.version = "%s (%s)" % (name, self.library.openblas_get_corename().decode())
        if threads:
            self.library.openblas_set_num_threads(threads)
        self.call_seconds = timing.measure(self.matmul("NN", 0, 1, 1), self.synchronize, timing.QUICK)[1]

    def synchronize(self, _):
        pass

    def numbers(self, count):
        """Some numbers in [-1, 1]."""
        pattern = array.array("f", ((i * 37 % 101) / 50 - 1 for i in range(4096)))
        return (c_float * count).from_buffer(pattern * (count // 4096 + 1))

    def matmul(self, transposition, m, k, n):
        a, b, c = self.numbers(m * k), self.numbers(k * n), self.numbers(m * n)
        transposes = [text == "T" for text in transposition]
        kinds = [TRANSPOSE if is_transposed else NO_TRANSPOSE for is_transposed in transposes]
        # Converted once, so that a call does no more than it must.
        arguments = [c_int(v) for v in (ROW_MAJOR, *kinds, m, n, k)] + [
            c_float(1), a, c_int(max(1, m if transposes[0] else k)), b, c_int(k if transposes[1] else n),
            c_float(0), c, c_int(n)]
        function = self.library.cblas_sgemm
        return lambda: function(*arguments)
