import HostSystem
import BackendCPU
import BackendCore
import CommandSupport
import NeuralNetworks

#if OpenCL
import BackendOpenCL
#endif

/// What this machine can do at most, measured in the same run as the cases.
struct Peak {
  /// Billions of floating-point operations a second in a loop of fused multiply-adds, on the CPU those of the instruction
  /// set in use; nil on a device that has no such loop.
  var gflops: Double?
  /// The same of the instructions that multiply pairs of bfloat16, on a CPU backend that uses them.
  var bfloat16Gflops: Double?
  /// The same of the instructions that multiply 8-bit integers, on a CPU backend.
  var integerGflops: Double?
  /// Billions of bytes a second, read and written, of a copy that no cache can hold.
  var gbps: Double?
}

extension Peak {
  /// The larger of each.
  func larger(_ other: Peak) -> Peak {
    func larger(_ a: Double?, _ b: Double?) -> Double? { a.map { max($0, b ?? $0) } ?? b }
    return Peak(
      gflops: larger(gflops, other.gflops), bfloat16Gflops: larger(bfloat16Gflops, other.bfloat16Gflops),
      integerGflops: larger(integerGflops, other.integerGflops), gbps: larger(gbps, other.gbps))
  }

  /// The rate that limits operations on numbers of a type: float16, and bfloat16 without instructions for it, are computed
  /// in float32.
  func gflops(of type: DType) -> Double? {
    switch type {
    case .bfloat16: bfloat16Gflops ?? gflops
    case .int8: integerGflops
    default: gflops
    }
  }

  /// The peak of a device: of the CPU with the threads and instructions of its backend, of another device by a copy between
  /// two of its buffers.
  static func measure(on device: Device, _ effort: Effort) throws -> Peak {
    guard let backend = device.backend as? CPUBackend else {
      return Peak(gflops: try kernelRate(on: device, effort), gbps: try copyRate(on: device, effort))
    }
    return Peak(
      gflops: multiplyAddRate(of: backend, effort) { backend.instructionSet.multiplyAdds(rounds: $0) },
      bfloat16Gflops: backend.bfloat16MultiplyAdds(rounds: 1).map { _ in
        multiplyAddRate(of: backend, effort) { backend.bfloat16MultiplyAdds(rounds: $0) ?? 0 }
      }, integerGflops: multiplyAddRate(of: backend, effort) { backend.integerMultiplyAdds(rounds: $0) },
      gbps: memoryRate(threads: backend.threadCount, effort))
  }

  /// The best of several rounds: a peak is what the machine can reach, whatever else happened to run.
  private static func best(of effort: Effort, _ operation: () throws -> Double) rethrows -> Double {
    var best = 0.0
    for _ in 0..<max(5, effort.batches / 3) { best = max(best, try operation()) }
    return best
  }

  private static func multiplyAddRate(
    of backend: CPUBackend, _ effort: Effort, _ multiplyAdds: @escaping @Sendable (_ rounds: Int) -> Double
  ) -> Double {
    let rounds = 4_000_000
    let operations = multiplyAdds(1) * Double(rounds * backend.threadCount)
    return best(of: effort) {
      operations / seconds(onThreads: backend.threadCount) { _ in _ = multiplyAdds(rounds) } * 1e-9
    }
  }

  /// Each thread copies its own 64 MiB; bytes are counted twice, read and written, as in the cases.
  private static func memoryRate(threads: Int, _ effort: Effort) -> Double {
    let bytes = 64 << 20
    let source = UnsafeMutableRawPointer.allocate(byteCount: bytes * threads, alignment: 4096)
    let destination = UnsafeMutableRawPointer.allocate(byteCount: bytes * threads, alignment: 4096)
    defer {
      source.deallocate()
      destination.deallocate()
    }
    memset(source, 1, bytes * threads)
    memset(destination, 2, bytes * threads)
    let (from, to) = (Address(source), Address(destination))
    return best(of: effort) {
      let time = seconds(onThreads: threads) { thread in
        memcpy(to.pointer + thread * bytes, from.pointer + thread * bytes, bytes)
      }
      return 2 * Double(bytes * threads) / time * 1e-9
    }
  }

  #if OpenCL
  /// The better of the kernels of multiply-adds, in runs of about a tenth of a second.
  private static func kernelRate(on device: Device, _ effort: Effort) throws -> Double? {
    guard let backend = device.backend as? OpenCLBackend else { return nil }
    let items = 1 << 19
    let results = BufferSlice(try backend.allocate(count: items, dtype: .float32))
    var rate = 0.0
    for width in OpenCLBackend.multiplyAddWidths {
      func run(_ loops: Int) throws -> (operations: Double, seconds: Double) {
        let start = monotonicSeconds()
        let operations = try backend.multiplyAdds(width: width, loops: loops, items: items, into: results)
        try backend.synchronize()
        return (operations, monotonicSeconds() - start)
      }
      _ = try run(1)
      var loops = 16
      while loops < 1 << 16, try run(loops).seconds < 0.05 { loops *= 2 }
      for _ in 0..<max(3, effort.batches / 5) {
        let (operations, seconds) = try run(loops)
        rate = max(rate, operations / seconds * 1e-9)
      }
    }
    return rate
  }
  #else
  private static func kernelRate(on device: Device, _ effort: Effort) throws -> Double? { nil }
  #endif

  private static func copyRate(on device: Device, _ effort: Effort) throws -> Double {
    let backend = device.backend
    let count = 32 << 20
    let source = BufferSlice(try backend.allocate(count: count, dtype: .float32))
    let destination = BufferSlice(try backend.allocate(count: count, dtype: .float32))
    try backend.fill(source, count: count, with: 1)
    try backend.fill(destination, count: count, with: 2)
    try backend.synchronize()
    return try best(of: effort) {
      let start = monotonicSeconds()
      for _ in 0..<8 { try backend.copy(source, count: count, into: destination) }
      try backend.synchronize()
      return 8 * 2 * 4 * Double(count) / (monotonicSeconds() - start) * 1e-9
    }
  }
}

/// Memory that several threads use, each its own part.
private struct Address: @unchecked Sendable {
  let pointer: UnsafeMutableRawPointer
  init(_ pointer: UnsafeMutableRawPointer) { self.pointer = pointer }
}

/// The seconds that `threads` threads take, from the first start to the last end.
private func seconds(onThreads threads: Int, _ body: @escaping @Sendable (_ thread: Int) -> Void) -> Double {
  let start = monotonicSeconds()
  SystemThread.concurrently(threads, body)
  return monotonicSeconds() - start
}
