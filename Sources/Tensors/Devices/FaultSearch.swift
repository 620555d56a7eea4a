import BackendCore

/// Inspects the operands of every operation after it has run, to find the first operation that produced NaN or +∞.
package final class FaultSearch {
  package struct Finding: CustomStringConvertible {
    /// The name used by backends: "divide", "softmax".
    package let operation: String
    /// The operation that produced the −∞ in the operands, if any. A −∞ alone is not a fault (attention masks, ln 0).
    package let source: String?
    package let isBackward: Bool

    package var description: String {
      let pass = isBackward ? "backward" : "forward"
      return "\"\(operation)\" in the \(pass) pass\(source.map { ", which took a −∞ from \"\($0)\"" } ?? "")"
    }
  }

  /// The first fault; nil if all numbers are finite or −∞.
  package private(set) var finding: Finding?
  /// Set when the backward pass begins.
  package var isBackward = false
  /// The buffers that contain −∞, with the operation that produced it.
  private var infinite: [ObjectIdentifier: String] = [:]
  /// The buffers in `infinite`, kept alive because they are compared by identity.
  private var kept: [Buffer] = []

  package init() {}

  /// Runs `body`, and inspects its operations on the device.
  package func run<E: Error>(on device: Device, _ body: () throws(E) -> Void) throws(E) {
    let backend = device.backend
    let observer = ObservedBackend(backend) { [self] operation, operands in
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
    switch buffer.dtype {
    case .float64: return worst(of: try elements(buffer, backend, repeating: 0.0))
    case .float16, .bfloat16:
      let format = HalfFormat(buffer.dtype)
      return worst(of: try elements(buffer, backend, repeating: 0 as UInt16).map(format.number))
    default: return worst(of: try elements(buffer, backend, repeating: 0 as Float))
    }
  }

  private func elements<Element: BitwiseCopyable>(
    _ buffer: Buffer, _ backend: any Backend, repeating zero: Element
  ) throws -> [Element] {
    var elements = [Element](repeating: zero, count: buffer.count)
    try elements.withUnsafeMutableBytes { try backend.download(BufferSlice(buffer), into: $0) }
    return elements
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

/// A backend whose calls are observed. New buffers are zeroed, because an operation may leave parts of its result as they
/// were.
private final class ObservedBackend: CallHandler, ForwardingBackend, @unchecked Sendable {
  let base: any Backend
  private let observer: (_ operation: String, _ operands: [BufferSlice]) throws -> Void

  init(_ base: any Backend, _ observer: @escaping (_ operation: String, _ operands: [BufferSlice]) throws -> Void) {
    self.base = base
    self.observer = observer
  }

  func perform(_ operation: BackendOperation, _ operands: [BufferSlice?]) throws {
    try operation.perform(on: base, operands)
    try observer(operation.name, operands.compactMap { $0 })
  }

  /// The same, without a copy of the bytes.
  func upload(_ source: UnsafeRawBufferPointer, into destination: BufferSlice) throws {
    try base.upload(source, into: destination)
    try observer("upload", [destination])
  }

  func allocate(count: Int, dtype: DType) throws -> Buffer {
    let buffer = try base.allocate(count: count, dtype: dtype)
    if count > 0 { try base.fill(BufferSlice(buffer), count: count, with: 0) }
    return buffer
  }
}
