#if OpenCL
import COpenCL
import Synchronization

@testable import BackendOpenCL

/// A driver that counts the allocating calls, and makes some of them fail. Only one suite at a time may use it.
enum ScarceDriver {
  private static let calls = Atomic<Int>(0)
  private static let first = Atomic<Int>(.max)
  private static let length = Atomic<Int>(0)
  private static let status = Atomic<Int32>(0)
  /// The number of calls that were made to fail.
  static let failures = Atomic<Int>(0)
  /// The number of existing memory objects.
  static let buffers = Atomic<Int>(0)

  private static var cl: NNOpenCLFunctions { nn_opencl_functions()!.pointee }

  /// From now on, the calls `first..<first + length` fail, starting at 0.
  static func fail(_ first: Int, _ length: Int, with status: Int32 = CL_MEM_OBJECT_ALLOCATION_FAILURE) {
    calls.store(0, ordering: .sequentiallyConsistent)
    failures.store(0, ordering: .sequentiallyConsistent)
    self.status.store(status, ordering: .sequentiallyConsistent)
    self.length.store(length, ordering: .sequentiallyConsistent)
    self.first.store(first, ordering: .sequentiallyConsistent)
  }

  /// From now on, no call fails.
  static func recover() { first.store(.max, ordering: .sequentiallyConsistent) }

  /// The status of a failing call; nil for a call that proceeds.
  private static func fault() -> Int32? {
    let number = calls.add(1, ordering: .relaxed).oldValue
    let first = first.load(ordering: .relaxed)
    guard number >= first, number - first < length.load(ordering: .relaxed) else { return nil }
    failures.add(1, ordering: .relaxed)
    return status.load(ordering: .relaxed)
  }

  /// The loader's entry points, with a possible failure before every call in which a driver allocates memory.
  static var functions: NNOpenCLFunctions {
    var functions = cl
    functions.clCreateBuffer = { context, flags, size, host, status in
      if let fault = ScarceDriver.fault() {
        status?.pointee = fault
        return nil
      }
      let memory = ScarceDriver.cl.clCreateBuffer(context, flags, size, host, status)
      if memory != nil { ScarceDriver.buffers.add(1, ordering: .relaxed) }
      return memory
    }
    functions.clReleaseMemObject = { memory in
      ScarceDriver.buffers.subtract(1, ordering: .relaxed)
      return ScarceDriver.cl.clReleaseMemObject(memory)
    }
    functions.clEnqueueMigrateMemObjects = { queue, count, objects, flags, waits, list, event in
      ScarceDriver.fault()
        ?? ScarceDriver.cl.clEnqueueMigrateMemObjects(queue, count, objects, flags, waits, list, event)
    }
    functions.clEnqueueMapBuffer = { queue, memory, blocks, flags, offset, size, waits, list, event, status in
      if let fault = ScarceDriver.fault() {
        status?.pointee = fault
        return nil
      }
      return ScarceDriver.cl.clEnqueueMapBuffer(
        queue, memory, blocks, flags, offset, size, waits, list, event, status)
    }
    functions.clEnqueueWriteBuffer = { queue, memory, blocks, offset, size, host, waits, list, event in
      ScarceDriver.fault()
        ?? ScarceDriver.cl.clEnqueueWriteBuffer(queue, memory, blocks, offset, size, host, waits, list, event)
    }
    functions.clEnqueueReadBuffer = { queue, memory, blocks, offset, size, host, waits, list, event in
      ScarceDriver.fault()
        ?? ScarceDriver.cl.clEnqueueReadBuffer(queue, memory, blocks, offset, size, host, waits, list, event)
    }
    functions.clEnqueueCopyBuffer = { queue, from, to, fromOffset, toOffset, size, waits, list, event in
      ScarceDriver.fault()
        ?? ScarceDriver.cl.clEnqueueCopyBuffer(queue, from, to, fromOffset, toOffset, size, waits, list, event)
    }
    functions.clEnqueueNDRangeKernel = { queue, kernel, axes, offset, global, local, waits, list, event in
      ScarceDriver.fault()
        ?? ScarceDriver.cl.clEnqueueNDRangeKernel(queue, kernel, axes, offset, global, local, waits, list, event)
    }
    functions.clFinish = { queue in ScarceDriver.fault() ?? ScarceDriver.cl.clFinish(queue) }
    functions.clCreateProgramWithSource = { context, count, texts, lengths, status in
      if let fault = ScarceDriver.fault() {
        status?.pointee = fault
        return nil
      }
      return ScarceDriver.cl.clCreateProgramWithSource(context, count, texts, lengths, status)
    }
    functions.clBuildProgram = { program, count, devices, options, callback, data in
      ScarceDriver.fault() ?? ScarceDriver.cl.clBuildProgram(program, count, devices, options, callback, data)
    }
    functions.clCreateKernel = { program, name, status in
      if let fault = ScarceDriver.fault() {
        status?.pointee = fault
        return nil
      }
      return ScarceDriver.cl.clCreateKernel(program, name, status)
    }
    return functions
  }
}
#endif
