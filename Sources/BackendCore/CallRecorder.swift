/// A backend that forwards every call to another backend and records it, so that the calls can be repeated. This is the
/// default way to record. A replay does not check shapes, element types, or buffers again.
///
/// The buffers belong to the other backend. Buffers that a recorded call uses live as long as the recording. Memory
/// released while recording is reused, so a recording needs no more memory than the original calls. For use on one
/// thread.
public final class CallRecorder: Backend, @unchecked Sendable {
  typealias Call = @Sendable (any Backend, Substitutions) throws -> Void

  /// Called after each computing call with its name and its operands, including the results.
  public typealias Observer = (_ operation: String, _ operands: [BufferSlice]) throws -> Void

  /// The backend that receives the calls.
  public let base: any Backend
  private let observer: Observer?
  /// The operands of the current call, for the observer.
  private var operands: [BufferSlice] = []
  private var calls: [Call] = []
  /// False after the host has read a result or a call has failed: later calls may depend on it.
  private var isRepeatable = true
  /// The buffers allocated while recording.
  private var own: [Buffer] = []
  /// All buffers that calls use.
  private var used: [ObjectIdentifier: Buffer] = [:]

  /// Creates a recorder.
  /// - Parameters:
  ///   - base: The backend that computes.
  ///   - observer: Called after each call; it may read the operands from `base`. With an observer, new buffers are
  ///     zeroed.
  public init(_ base: any Backend, observer: Observer? = nil) {
    self.base = base
    self.observer = observer
  }

  /// Returns a recording of the calls made so far; nil if they cannot be repeated because the host has read a result
  /// between them or one of them has failed.
  public func recording() -> (any Recording)? {
    isRepeatable ? CallRecording(base, calls, buffers: own + used.values) : nil
  }

  /// Returns an operand in the form in which recorded calls store it.
  func kept(_ slice: BufferSlice) -> CapturedSlice {
    if observer != nil {
      operands.append(slice)
      return CapturedSlice(slice)
    }
    if !own.contains(where: { $0 === slice.buffer }) { used[ObjectIdentifier(slice.buffer)] = slice.buffer }
    return CapturedSlice(slice)
  }

  func kept(_ slice: BufferSlice?) -> CapturedSlice? { slice.map { kept($0) } }

  func kept(_ slices: [BufferSlice]) -> [CapturedSlice] { slices.map { kept($0) } }

  /// Forwards and records a call.
  /// - Parameter operation: The calling method, for the observer.
  func call(_ operation: String = #function, _ call: @escaping Call) throws {
    do {
      try call(base, Substitutions([]))
    } catch {
      isRepeatable = false
      throw error
    }
    guard let observer else { return calls.append(call) }
    // Observed calls are not recorded, because that would keep their memory alive.
    isRepeatable = false
    defer { operands.removeAll() }
    try observer(String(operation.prefix { $0 != "(" }), operands)
  }

  /// Forwards and records a call that is not part of the protocol, for an operation that only `base` has.
  /// - Parameters:
  ///   - operation: The name of the operation, for the observer.
  ///   - operands: The operands, including results.
  ///   - body: The call. In a replay, its operands may be different ones.
  public func call(
    _ operation: String, on operands: [BufferSlice], _ body: @escaping @Sendable ([BufferSlice]) throws -> Void
  ) throws {
    let operands = kept(operands)
    try call(operation) { _, at in try body(at(operands)) }
  }

  // MARK: Identity

  public var name: String { base.name }
  public var identifier: String { base.identifier }
  public var kind: DeviceKind { base.kind }
  public func supports(_ dtype: DType) -> Bool { base.supports(dtype) }

  // MARK: Memory

  public func allocate(count: Int, dtype: DType) throws -> Buffer {
    if observer != nil {
      let buffer = try base.allocate(count: count, dtype: dtype)
      if count > 0 { try base.fill(BufferSlice(buffer), count: count, with: 0) }
      return buffer
    }
    // A buffer that only this list references is free: the calls that used it precede those to come.
    for index in own.indices
    where own[index].count == count && own[index].dtype == dtype && isKnownUniquelyReferenced(&own[index]) {
      return own[index]
    }
    do {
      let buffer = try base.allocate(count: count, dtype: dtype)
      own.append(buffer)
      return buffer
    } catch {
      isRepeatable = false
      throw error
    }
  }

  /// Stores the bytes and uploads them again in a replay, because later calls may overwrite them.
  public func upload(_ source: UnsafeRawBufferPointer, into destination: BufferSlice) throws {
    let (bytes, destination) = ([UInt8](source), kept(destination))
    try call { backend, at in try bytes.withUnsafeBytes { try backend.upload($0, into: at(destination)) } }
  }

  public func download(_ source: BufferSlice, into destination: UnsafeMutableRawBufferPointer) throws {
    isRepeatable = false
    try base.download(source, into: destination)
  }

  public func copy(_ source: BufferSlice, count: Int, into destination: BufferSlice) throws {
    let (source, destination) = (kept(source), kept(destination))
    try call { backend, at in try backend.copy(at(source), count: count, into: at(destination)) }
  }

  public func fill(_ destination: BufferSlice, count: Int, with value: Double) throws {
    let destination = kept(destination)
    try call { backend, at in try backend.fill(at(destination), count: count, with: value) }
  }

  public func synchronize() throws { try base.synchronize() }
  public func memoryStatistics() -> MemoryStatistics { base.memoryStatistics() }
  public func setMemoryLimit(bytes: Int) { base.setMemoryLimit(bytes: bytes) }
  public func trimMemory() { base.trimMemory() }
}

/// The calls recorded by a `CallRecorder`.
private final class CallRecording: Recording {
  private let base: any Backend
  private let calls: [CallRecorder.Call]
  /// The buffers that the calls use.
  private let buffers: [Buffer]

  init(_ base: any Backend, _ calls: [CallRecorder.Call], buffers: [Buffer]) {
    self.base = base
    self.calls = calls
    self.buffers = buffers
  }

  func replay(substituting substitutions: [BufferBinding]) throws {
    let substitutions = Substitutions(substitutions)
    for call in calls { try call(base, substitutions) }
  }
}

/// An operand of a recorded call. It does not hold its buffer, so that the recorder can tell which buffers are free.
/// The recorder and the recording hold all buffers.
struct CapturedSlice: @unchecked Sendable {
  unowned(unsafe) let buffer: Buffer
  let identity: ObjectIdentifier
  let offset: Int

  init(_ slice: BufferSlice) {
    buffer = slice.buffer
    identity = ObjectIdentifier(slice.buffer)
    offset = slice.offset
  }
}

/// Maps each operand of a recorded call to its location in a replay.
struct Substitutions {
  private let list: [BufferBinding]
  /// The replaced buffers. Comparing identifiers does not change reference counts.
  private let identities: [ObjectIdentifier]

  init(_ list: [BufferBinding]) {
    self.list = list
    identities = list.map { ObjectIdentifier($0.buffer) }
  }

  @inline(__always)
  func callAsFunction(_ slice: CapturedSlice) -> BufferSlice {
    if let index = identities.firstIndex(of: slice.identity) {
      return list[index].replacement.advanced(by: slice.offset)
    }
    return BufferSlice(slice.buffer, offset: slice.offset)
  }

  func callAsFunction(_ slice: CapturedSlice?) -> BufferSlice? { slice.map { self($0) } }

  func callAsFunction(_ slices: [CapturedSlice]) -> [BufferSlice] { slices.map { self($0) } }
}
