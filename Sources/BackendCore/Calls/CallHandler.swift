/// A backend that receives its primitives as values, in one method. Fused operations are the protocol's defaults, so they
/// arrive as the primitives of which they are made. A `CallHandler` receives them as values, too.
public protocol PrimitiveHandler: Backend {
  /// Performs a call.
  /// - Parameters:
  ///   - operation: The method and its settings.
  ///   - operands: The operands in the order given by `BackendOperation.perform(on:_:)`; nil for absent ones.
  func perform(_ operation: BackendOperation, _ operands: [BufferSlice?]) throws
}

/// A backend that receives all its calls as values, in one method.
public protocol CallHandler: PrimitiveHandler {}

/// A backend that passes its calls on to another backend, to change, record, or count some of them. Adopt `CallHandler`
/// as well, so that fused operations arrive as such; otherwise, they are made of primitives, which is slower and may
/// differ in the last bits. `record(_:)` is not passed on: recordings are made of the calls that this backend receives.
///
/// ```swift
/// final class WithoutDropout: CallHandler, ForwardingBackend {
///   let base: any Backend
///   init(_ base: any Backend) { self.base = base }
///   func perform(_ operation: BackendOperation, _ operands: [BufferSlice?]) throws {
///     if case .dropout(_, _, let count) = operation, let x = operands[0], let y = operands[1] {
///       return try base.copy(x, count: count, into: y)
///     }
///     try operation.perform(on: base, operands)
///   }
/// }
/// ```
public protocol ForwardingBackend: PrimitiveHandler {
  /// The backend that computes. It owns the buffers.
  var base: any Backend { get }
}

extension ForwardingBackend {
  public func perform(_ operation: BackendOperation, _ operands: [BufferSlice?]) throws {
    try operation.perform(on: base, operands)
  }

  public var name: String { base.name }
  public var identifier: String { base.identifier }
  public var kind: DeviceKind { base.kind }
  public func supports(_ dtype: DType) -> Bool { base.supports(dtype) }
  public func computes(_ dtype: DType) -> Bool { base.computes(dtype) }
  public func computesHalves(_ operation: BackendOperation, _ operands: [BufferSlice?]) -> Bool {
    base.computesHalves(operation, operands)
  }
  public var capabilities: BackendCapabilities { base.capabilities }
  public func allocate(count: Int, dtype: DType) throws -> Buffer { try base.allocate(count: count, dtype: dtype) }
  public func download(_ source: BufferSlice, into destination: UnsafeMutableRawBufferPointer) throws {
    try base.download(source, into: destination)
  }
  public func synchronize() throws { try base.synchronize() }
  public func memoryStatistics() -> MemoryStatistics { base.memoryStatistics() }
  public func setMemoryLimit(bytes: Int) { base.setMemoryLimit(bytes: bytes) }
  public func trimMemory() { base.trimMemory() }
}
