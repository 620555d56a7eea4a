import BackendCore

/// Looks at the operands of every operation after it has been done, for the first one that gave a NaN or an infinity.
package final class FaultSearch {
  package struct Finding: CustomStringConvertible {
    /// As backends call it: "divide", "softmax".
    package let operation: String
    /// What had given the −∞ that it took, which by itself is no fault (masks of attention, ln 0).
    package let source: String?
    package let isBackward: Bool

    package var description: String {
      let pass = isBackward ? "backward" : "forward"
      return "\"\(operation)\" in the \(pass) pass\(source.map { ", which took a −∞ from \"\($0)\"" } ?? "")"
    }
  }

  /// The first one; nil when all numbers are finite or −∞.
  package private(set) var finding: Finding?
  /// Set when the backward pass begins.
  package var isBackward = false
  /// The buffers that hold a −∞, with what gave it.
  private var infinite: [ObjectIdentifier: String] = [:]
  /// Buffers are compared by identity, so that they are kept.
  private var kept: [Buffer] = []

  package init() {}

  /// Runs `body`, whose operations on the device are looked at.
  package func run<E: Error>(on device: Device, _ body: () throws(E) -> Void) throws(E) {
    let backend = device.backend
    let observer = CallRecorder(backend) { [self] operation, operands in
      for slice in operands where finding == nil { try look(at: slice.buffer, of: backend, operation, operands) }
    }
    try DeviceRecording(of: backend, by: observer).run(body)
  }

  private func look(
    at buffer: Buffer, of backend: any Backend, _ operation: String, _ operands: [BufferSlice]
  ) throws {
    guard buffer.dtype.isFloatingPoint, buffer.count > 0 else { return }
    let key = ObjectIdentifier(buffer)
    switch try worst(in: buffer, of: backend) {
    case .finite: infinite[key] = nil
    case .negativeInfinity:
      if infinite[key] == nil {
        infinite[key] = operation
        kept.append(buffer)
      }
    case .fault:
      let source = operands.lazy.compactMap { self.infinite[ObjectIdentifier($0.buffer)] }.first
      finding = Finding(operation: operation, source: source, isBackward: isBackward)
    }
  }

  private enum Worst { case finite, negativeInfinity, fault }

  private func worst(in buffer: Buffer, of backend: any Backend) throws -> Worst {
    if buffer.dtype == .float64 { return worst(of: try numbers(buffer, backend, Double.self)) }
    return worst(of: try numbers(buffer, backend, Float.self))
  }

  private func numbers<Number: BinaryFloatingPoint>(
    _ buffer: Buffer, _ backend: any Backend, _ type: Number.Type
  ) throws -> [Number] {
    var numbers = [Number](repeating: 0, count: buffer.count)
    try numbers.withUnsafeMutableBytes { try backend.download(BufferSlice(buffer), into: $0) }
    return numbers
  }

  private func worst(of numbers: [some BinaryFloatingPoint]) -> Worst {
    var worst = Worst.finite
    for number in numbers where !number.isFinite {
      if number.isNaN || number > 0 { return .fault }
      worst = .negativeInfinity
    }
    return worst
  }
}
