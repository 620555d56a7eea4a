/// A backend that passes every call on to another backend and records it, so that the calls can be repeated. This is
/// the default way to record. A replay does not check shapes, element types, or buffers again.
///
/// The buffers belong to the other backend. Memory released while recording is reused, so that recording needs no more
/// memory than the original calls. For use on one thread.
public final class CallRecorder: CallHandler, ForwardingBackend, @unchecked Sendable {
  /// The backend that receives the calls.
  public let base: any Backend
  /// The calls made so far. Which values are temporary is known only at the end.
  private var list = CallList()
  /// The memory of each value. All buffers are in `own` or `external`.
  private var places: [Place] = []
  /// The latest value of each buffer.
  private var values: [ObjectIdentifier: Int] = [:]
  /// The buffers allocated while recording.
  private var own: [Buffer] = []
  /// The buffers that custom operations have used. They are not used again, because the values of custom operations remain
  /// in their buffers.
  private var fixed: Set<ObjectIdentifier> = []
  /// The other buffers used by calls.
  private var external: [Buffer] = []
  /// False after the host has read a result or a call has failed: later calls may depend on it.
  private var isRepeatable = true

  /// Creates a recorder.
  /// - Parameter base: The backend that computes.
  public init(_ base: any Backend) { self.base = base }

  public func perform(_ operation: BackendOperation, _ operands: [BufferSlice?]) throws {
    try whileRepeatable { try operation.perform(on: base, operands) }
    if case .custom = operation { fixed.formUnion(operands.compactMap { $0.map { ObjectIdentifier($0.buffer) } }) }
    list.calls.append(BackendCall(operation: operation, operands: operands.map { operand($0) }))
  }

  public func allocate(count: Int, dtype: DType) throws -> Buffer {
    // A buffer that only this list references is free: the calls that used it precede those to come.
    for index in own.indices
    where own[index].count == count && own[index].dtype == dtype && !fixed.contains(ObjectIdentifier(own[index]))
      && isKnownUniquelyReferenced(&own[index])
    {
      addValue(own[index])
      return own[index]
    }
    let buffer = try whileRepeatable { try base.allocate(count: count, dtype: dtype) }
    own.append(buffer)
    addValue(buffer)
    return buffer
  }

  public func download(_ source: BufferSlice, into destination: UnsafeMutableRawBufferPointer) throws {
    isRepeatable = false
    try base.download(source, into: destination)
  }

  /// Runs a call. If it fails, the calls cannot be repeated.
  private func whileRepeatable<Result>(_ call: () throws -> Result) throws -> Result {
    do {
      return try call()
    } catch {
      isRepeatable = false
      throw error
    }
  }

  private func operand(_ slice: BufferSlice?) -> CallOperand {
    guard let slice else { return .absent }
    if let value = values[ObjectIdentifier(slice.buffer)] {
      return CallOperand(value: Int32(value), offset: slice.offset)
    }
    external.append(slice.buffer)
    return CallOperand(value: Int32(addValue(slice.buffer)), offset: slice.offset)
  }

  @discardableResult
  private func addValue(_ buffer: Buffer) -> Int {
    list.values.append(CallValue(count: buffer.count, dtype: buffer.dtype, isTemporary: false))
    places.append(Place(buffer, offset: 0))
    values[ObjectIdentifier(buffer)] = places.count - 1
    return places.count - 1
  }

  /// Runs `body` on this recorder, which records its calls, and returns nil.
  public func record(_ body: (any Backend) throws -> Void) throws -> (any Recording)? {
    try body(self)
    return nil
  }

  /// Whether the buffer was allocated while recording. A replay uses the same position in the same memory or, for a result,
  /// the beginning of other memory.
  public func owns(_ buffer: Buffer) -> Bool { own.contains { $0 === buffer } }

  /// Ends the recording, and returns one that makes the calls on the other backend.
  public func recording() -> (any Recording)? { planned().map { CallRecording($0, on: base) } }

  /// Ends the recording, and returns its calls; nil if they cannot be repeated because the host has read a result between
  /// them, one of them has failed, or the memory for the temporary values cannot be allocated.
  ///
  /// The temporary values get memory according to a `MemoryPlan`; the memory used while recording is released.
  public func planned() -> PlannedCalls? {
    guard isRepeatable else { return nil }
    let lastingBuffers = removeTemporaries()
    defer { (list, places, values, external) = (CallList(), [], [:], []) }
    let plan = MemoryPlan(list, largestBlock: base.capabilities.largestBufferBytes)
    var blocks: [Buffer] = []
    for block in plan.blocks {
      guard let buffer = try? base.allocate(count: block.count, dtype: block.dtype) else { return nil }
      blocks.append(buffer)
    }
    for (value, position) in plan.positions { places[value] = Place(blocks[position.block], offset: position.offset) }
    // The buffers of temporary values do not exist any more.
    let lasting = values.filter { !list.values[$0.value].isTemporary }
    return PlannedCalls(list: list, places: places, values: lasting, buffers: lastingBuffers + external + blocks)
  }

  /// Marks the temporary values, releases their memory, and returns the other buffers. Temporary are buffers that only this
  /// recorder references, and values whose buffer was used for a later value; but custom operations keep their operands,
  /// which may have to start at the beginning of their buffers.
  private func removeTemporaries() -> [Buffer] {
    var kept: Set<Int> = []
    for call in list.calls {
      if case .custom = call.operation { kept.formUnion(call.operands.map { Int($0.value) }) }
    }
    var isResult: [ObjectIdentifier: Bool] = [:]
    var buffers: [Buffer] = []
    for index in own.indices {
      let identity = ObjectIdentifier(own[index])
      isResult[identity] = !isKnownUniquelyReferenced(&own[index])
      if isResult[identity] == true || fixed.contains(identity) { buffers.append(own[index]) }
    }
    for (value, place) in places.enumerated() {
      guard let isResult = isResult[place.identity], !kept.contains(value) else { continue }
      list.values[value].isTemporary = !isResult || values[place.identity] != value
    }
    own = []
    return buffers
  }
}

/// A recording before it is made ready for replays: its calls, and the memory of each value.
public struct PlannedCalls: Sendable {
  /// The calls.
  public let list: CallList
  /// The memory of each value.
  let places: [Place]
  /// The value of each buffer that a replay may substitute.
  let values: [ObjectIdentifier: Int]
  /// Keeps the memory alive.
  let buffers: [Buffer]

  /// Calls `body` for each call, with its operands in their memory; nil for absent ones.
  public func forEach(_ body: (_ call: BackendCall, _ operands: [BufferSlice?]) throws -> Void) rethrows {
    for call in list.calls {
      let operands = call.operands.map { operand -> BufferSlice? in
        guard operand.isPresent else { return nil }
        let place = places[Int(operand.value)]
        return BufferSlice(place.buffer, offset: place.offset + operand.offset)
      }
      try body(call, operands)
    }
  }
}

/// The memory of a value. It does not hold its buffer, so that the recorder can tell which buffers are free.
struct Place: @unchecked Sendable {
  unowned(unsafe) let buffer: Buffer
  let identity: ObjectIdentifier
  let offset: Int

  init(_ buffer: Buffer, offset: Int) {
    self.buffer = buffer
    identity = ObjectIdentifier(buffer)
    self.offset = offset
  }
}
