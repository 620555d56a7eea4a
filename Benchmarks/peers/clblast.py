"""CLBlast as the system has it, through ctypes: the products of nn-bench on one OpenCL device, as JSON.

What ctypes costs is measured on a product that CLBlast refuses at once, and taken off every time. With --check it only
says whether the library and the device are there.
"""

import argparse
import array
import ctypes
import json
from ctypes import byref, c_float, c_int, c_size_t, c_uint, c_void_p

import rows
import timing

ROW_MAJOR, NO_TRANSPOSE, TRANSPOSE = 101, 111, 112
ALL_DEVICES, DEVICE_NAME, COPY_HOST_POINTER = 0xFFFFFFFF, 0x102B, 1 << 5


class CLBlast:
    def __init__(self, identifier):
        self.opencl = ctypes.CDLL("libOpenCL.so.1")
        self.library = ctypes.CDLL("libclblast.so.1")
        for name in ("clCreateContext", "clCreateCommandQueue", "clCreateBuffer"):
            getattr(self.opencl, name).restype = c_void_p
        self.device, status = self.find(identifier), c_int()
        self.context = c_void_p(self.opencl.clCreateContext(None, 1, byref(self.device), None, None, byref(status)))
        if status.value:
            raise OSError("no context on %s: error %d" % (identifier, status.value))
        self.queue = c_void_p(self.opencl.clCreateCommandQueue(self.context, self.device, ctypes.c_ulong(0), None))
        name = ctypes.create_string_buffer(256)
        self.opencl.clGetDeviceInfo(self.device, c_uint(DEVICE_NAME), c_size_t(256), name, None)
        self.device_name = name.value.decode().strip()
        refused = self.call("NN", 0, 1, 1, c_void_p(), c_void_p(), c_void_p())
        self.call_seconds = timing.measure(refused, self.synchronize, timing.QUICK)[1]

    def find(self, identifier):
        """The device called opencl:P:D."""
        platform, device = (int(part) for part in identifier.split(":")[1:])
        platforms, devices = (c_void_p * 16)(), (c_void_p * 64)()
        count = c_uint()
        if self.opencl.clGetPlatformIDs(16, platforms, byref(count)) or platform >= count.value:
            raise OSError("there is no OpenCL platform %d" % platform)
        all_devices = ctypes.c_ulong(ALL_DEVICES)
        if (self.opencl.clGetDeviceIDs(c_void_p(platforms[platform]), all_devices, 64, devices, byref(count))
                or device >= count.value):
            raise OSError("platform %d has no device %d" % (platform, device))
        return c_void_p(devices[device])

    def buffer(self, count):
        pattern = array.array("f", ((i * 37 % 101) / 50 - 1 for i in range(4096)))
        numbers = (c_float * count).from_buffer(pattern * (count // 4096 + 1))
        flags = ctypes.c_ulong(1 | COPY_HOST_POINTER)
        return c_void_p(self.opencl.clCreateBuffer(self.context, flags, c_size_t(4 * count), numbers, None))

    def matmul(self, transposition, m, k, n):
        operation = self.call(transposition, m, k, n, self.buffer(m * k), self.buffer(k * n), self.buffer(m * n))
        status = operation()
        if status:
            raise OSError("CLBlastSgemm: error %d" % status)
        return operation

    def call(self, transposition, m, k, n, a, b, c):
        is_transposed = [text == "T" for text in transposition]
        kinds = [c_int(TRANSPOSE if text == "T" else NO_TRANSPOSE) for text in transposition]
        zero, lead_a, lead_b = c_size_t(0), m if is_transposed[0] else k, k if is_transposed[1] else n
        # Converted once, so that a call does no more than it must.
        arguments = [c_int(ROW_MAJOR), *kinds, c_size_t(m), c_size_t(n), c_size_t(k), c_float(1), a, zero,
                     c_size_t(lead_a), b, zero, c_size_t(lead_b), c_float(0), c, zero, c_size_t(n),
                     byref(self.queue), None]
        function = self.library.CLBlastSgemm
        return lambda: function(*arguments)

    def synchronize(self, _):
        self.opencl.clFinish(self.queue)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="opencl:0:0")
    parser.add_argument("--filter", action="append", default=[])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--check", action="store_true", help="only say whether it is there")
    options = parser.parse_args()
    try:
        library = CLBlast(options.device)
    except OSError as error:
        print(json.dumps({"missing": str(error)}))
        return
    results = []
    for row in rows.selected(options.filter, options.quick):
        if row.method != "matmul" or options.check:
            continue
        operation = library.matmul(*row.arguments)
        times = timing.measure(operation, library.synchronize, timing.QUICK if options.quick else timing.FULL)
        median, minimum = (max(0, time - library.call_seconds) * 1e6 for time in times)
        results.append({"name": row.name, "shape": row.shape, "medianMicroseconds": median,
                        "minMicroseconds": minimum})
    print(json.dumps({"device": library.device_name, "results": results}))


if __name__ == "__main__":
    main()
