import BackendCore

/// A backend that computes nothing: allocations take no memory, and calls do nothing. For a device that could not
/// be opened, allocations throw the reason.
final class MetaBackend: CallHandler {
  let name: String
  let identifier: String
  let kind: DeviceKind
  private let failure: BackendError?

  init(name: String, identifier: String, kind: DeviceKind, failure: BackendError? = nil) {
    self.name = name
    self.identifier = identifier
    self.kind = kind
    self.failure = failure
  }

  func supports(_ dtype: DType) -> Bool { true }

  func allocate(count: Int, dtype: DType) throws -> Buffer {
    if let failure { throw failure }
    return Buffer(count: count, dtype: dtype)
  }

  func perform(_ operation: BackendOperation, _ operands: [BufferSlice?]) {}
  // The operation would hold a copy of the bytes.
  func upload(_ source: UnsafeRawBufferPointer, into destination: BufferSlice) {}
  func download(_ source: BufferSlice, into destination: UnsafeMutableRawBufferPointer) throws {
    throw BackendError.unsupported(
      operation: "reading of numbers while shapes are inferred", dtype: source.dtype, device: name)
  }
  func synchronize() throws { if let failure { throw failure } }
  func memoryStatistics() -> MemoryStatistics {
    MemoryStatistics(liveBytes: 0, cachedBytes: 0, peakBytes: 0, limitBytes: .max)
  }
  func setMemoryLimit(bytes: Int) {}
  func trimMemory() {}
  func record(_ body: (any Backend) throws -> Void) throws -> (any Recording)? {
    try body(self)
    return nil
  }
}

extension Device {
  /// A device whose tensors have shapes but no numbers: every operation is checked, and nothing is computed. Models use
  /// it to infer their shapes.
  package static let shapes = Device(MetaBackend(name: "shapes", identifier: "shapes", kind: .cpu))

  /// True for the device without numbers.
  package var isShapeOnly: Bool { self == .shapes }
}
