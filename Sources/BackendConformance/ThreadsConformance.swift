import HostSystem
import BackendCore
import Synchronization

/// Several threads call the backend at the same time, each with separate buffers, and each must read back its own
/// numbers.
extension ConformanceRunner {
  func examineThreads() {
    let backend = tested
    let faults = Mutex<[String]>([])
    SystemThread.concurrently(4) { number in
      do {
        for round in 0..<12 {
          let fault = try checkOneRound(backend, Double(number + 1), Double(round))
          if let fault { faults.withLock { $0.append("thread \(number), round \(round): \(fault)") } }
        }
      } catch {
        faults.withLock { $0.append("thread \(number): \(error)") }
      }
    }
    if let first = faults.withLock({ $0.first }) {
      fail("four threads at once", "[1000]", expected: "each thread's own results", found: first)
    }
  }
}

/// A chain of operations on integers with a single correct result.
private func checkOneRound(_ backend: any Backend, _ thread: Double, _ round: Double) throws -> String? {
  let count = 1000
  let shape = AxisShape(outer: 10, extent: 100, inner: 1)
  let values = (0..<count).map { Float(($0 + Int(thread)) % 7) }
  let x = BufferSlice(try backend.allocate(count: count, dtype: .float32))
  let y = BufferSlice(try backend.allocate(count: count, dtype: .float32))
  let sums = BufferSlice(try backend.allocate(count: shape.outer, dtype: .float32))
  try values.withUnsafeBytes { try backend.upload($0, into: x) }
  try backend.unary(UnaryOp(.square), x, count: count, into: y)
  try backend.binaryScalar(.add, y, 100 * thread + round, scalarFirst: false, count: count, into: y)
  try backend.reduce(.sum, y, shape, into: sums)
  var found = [Float](repeating: .nan, count: shape.outer)
  try found.withUnsafeMutableBytes { try backend.download(sums, into: $0) }
  for row in 0..<shape.outer {
    let squares = values[row * 100..<(row + 1) * 100].reduce(0) { $0 + $1 * $1 }
    let expected = squares + Float(100 * (100 * thread + round))
    if found[row] != expected { return "sum \(row) is \(found[row]), not \(expected)" }
  }
  return nil
}
