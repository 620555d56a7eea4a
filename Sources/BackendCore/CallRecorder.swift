/// A backend that passes every call on to another one and keeps it, so that the calls can be made again: the default way to
/// record. Nothing of the shapes, element types and buffers is looked at when they are repeated.
///
/// Buffers are those of the other backend. Those that a kept call uses live as long as the recording; memory that is given
/// back while recording is handed out again, so that a recording takes no more than the calls took when they were made. Made
/// for one thread.
public final class CallRecorder: Backend, @unchecked Sendable {
  typealias Call = @Sendable (any Backend, Substitutions) throws -> Void

  /// Is told of each computing call when it has been made: its name, and the operands, results among them.
  public typealias Observer = (_ operation: String, _ operands: [BufferSlice]) throws -> Void

  /// What the calls go to.
  public let base: any Backend
  private let observer: Observer?
  /// The operands of the call that is being made, for the observer.
  private var operands: [BufferSlice] = []
  private var calls: [Call] = []
  /// False once the host has looked at a result, or a call has failed: what happens next may depend on it.
  private var isRepeatable = true
  /// The buffers allocated while recording.
  private var own: [Buffer] = []
  /// All buffers that calls use.
  private var used: [ObjectIdentifier: Buffer] = [:]

  /// - Parameters:
  ///   - base: the backend that computes.
  ///   - observer: what looks on; it may read the operands from `base`. New buffers are zeros then.
  public init(_ base: any Backend, observer: Observer? = nil) {
    self.base = base
    self.observer = observer
  }

  /// What repeats the calls made so far; nil when they cannot be repeated, because the host has read a result between them or
  /// one of them has failed.
  public func recording() -> (any Recording)? {
    isRepeatable ? CallRecording(base, calls, buffers: own + used.values) : nil
  }

  /// An operand as calls hold it.
  func kept(_ slice: BufferSlice) -> KeptSlice {
    if observer != nil {
      operands.append(slice)
      return KeptSlice(slice)
    }
    if !own.contains(where: { $0 === slice.buffer }) { used[ObjectIdentifier(slice.buffer)] = slice.buffer }
    return KeptSlice(slice)
  }

  func kept(_ slice: BufferSlice?) -> KeptSlice? { slice.map { kept($0) } }

  func kept(_ slices: [BufferSlice]) -> [KeptSlice] { slices.map { kept($0) } }

  /// - Parameter operation: for the observer; the method that this is called in.
  func call(_ operation: String = #function, _ call: @escaping Call) throws {
    do {
      try call(base, Substitutions([]))
    } catch {
      isRepeatable = false
      throw error
    }
    guard let observer else { return calls.append(call) }
    // Observed calls are not kept: their memory would be.
    isRepeatable = false
    defer { operands.removeAll() }
    try observer(String(operation.prefix { $0 != "(" }), operands)
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
    // What only this list holds is free: the calls that used it come before those to come.
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

  /// The bytes are kept and uploaded again, since later calls may write over them.
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

/// Calls that a `CallRecorder` has kept.
private final class CallRecording: Recording {
  private let base: any Backend
  private let calls: [CallRecorder.Call]
  /// What the calls use.
  private let buffers: [Buffer]

  init(_ base: any Backend, _ calls: [CallRecorder.Call], buffers: [Buffer]) {
    self.base = base
    self.calls = calls
    self.buffers = buffers
  }

  func replay(substituting substitutions: [BufferSubstitution]) throws {
    let substitutions = Substitutions(substitutions)
    for call in calls { try call(base, substitutions) }
  }
}

/// An operand of a kept call. It does not hold its buffer, so that the recorder can tell which buffers are free; the recorder
/// and the recording hold them all.
struct KeptSlice: @unchecked Sendable {
  unowned(unsafe) let buffer: Buffer
  let identity: ObjectIdentifier
  let offset: Int

  init(_ slice: BufferSlice) {
    buffer = slice.buffer
    identity = ObjectIdentifier(slice.buffer)
    offset = slice.offset
  }
}

/// Where each operand of a kept call is in a replay.
struct Substitutions {
  private let list: [BufferSubstitution]
  /// Whom the list replaces: comparing these counts no references.
  private let identities: [ObjectIdentifier]

  init(_ list: [BufferSubstitution]) {
    self.list = list
    identities = list.map { ObjectIdentifier($0.buffer) }
  }

  @inline(__always)
  func callAsFunction(_ slice: KeptSlice) -> BufferSlice {
    if let index = identities.firstIndex(of: slice.identity) {
      return list[index].replacement.advanced(by: slice.offset)
    }
    return BufferSlice(slice.buffer, offset: slice.offset)
  }

  func callAsFunction(_ slice: KeptSlice?) -> BufferSlice? { slice.map { self($0) } }

  func callAsFunction(_ slices: [KeptSlice]) -> [BufferSlice] { slices.map { self($0) } }
}
