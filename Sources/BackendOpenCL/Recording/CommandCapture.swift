#if OpenCL
internal import BackendCore
internal import COpenCL

/// Collects the commands of a recording while its calls are translated. It is used on one thread only.
final class CommandCapture: @unchecked Sendable {
  /// The memory that commands of one call use among themselves. The memory of values is in the plan of the calls.
  let memory: RecordingMemory
  private let context: OpenCLContext
  private var commands: [CapturedCommand] = []
  private var operands: [CapturedOperand] = []
  /// The index of a buffer in the operands, by its memory object.
  private var indices: [cl_mem: Int] = [:]

  /// The operands of the current call, and their numbers of elements. Values share buffers, so buffers do not tell.
  private var sizes: [(slice: BufferSlice, count: Int)] = []

  init(_ context: OpenCLContext, _ pool: BufferPool) {
    self.context = context
    memory = RecordingMemory(pool)
  }

  deinit { for command in commands { command.release(context.cl) } }

  /// Translates a call.
  func perform(_ call: BackendCall, _ operands: [BufferSlice?], of list: CallList, on backend: OpenCLBackend) throws {
    sizes = zip(operands, call.operands).compactMap { slice, operand in
      slice.map { ($0, list.values[Int(operand.value)].count - operand.offset) }
    }
    try call.operation.perform(on: backend, operands)
  }

  /// The size of a kernel's operands in bytes.
  func bytes(of operands: [KernelOperand]) -> Int {
    operands.reduce(0) { bytes, operand in
      let slice = operand.slice
      let known = sizes.first { $0.slice.buffer === slice.buffer && $0.slice.offset == slice.offset }
      let count = operand.count ?? known?.count ?? (slice.buffer.count - slice.offset)
      return bytes + count * slice.dtype.byteCount
    }
  }

  func add(_ launch: CapturedLaunch, operands: [KernelOperand]) {
    for operand in operands { use(operand.slice, as: .argument(operand.index)) }
    commands.append(.launch(launch))
  }

  func addCopy(_ source: BufferSlice, _ destination: BufferSlice, bytes: Int) {
    use(source, as: .source)
    use(destination, as: .destination)
    commands.append(.copy(from: Place(source), to: Place(destination), bytes: bytes))
  }

  /// The bytes are stored, because later calls may overwrite them.
  func addUpload(_ source: UnsafeRawBufferPointer, _ destination: BufferSlice) {
    use(destination, as: .destination)
    commands.append(.upload([UInt8](source), to: Place(destination)))
  }

  /// Registers an operand of the next command.
  private func use(_ slice: BufferSlice, as role: CapturedCommand.Role) {
    guard let buffer = slice.buffer as? OpenCLBuffer else { return }
    let index = indices[buffer.block.memory] ?? add(buffer)
    operands[index].uses.append(CapturedOperand.Use(command: commands.count, role: role, offset: slice.offset))
  }

  private func add(_ buffer: OpenCLBuffer) -> Int {
    indices[buffer.block.memory] = operands.count
    operands.append(CapturedOperand(home: Place(BufferSlice(buffer))))
    return operands.count - 1
  }

  /// Returns a recording that repeats the commands, which are the translation of these calls.
  func recording(of calls: PlannedCalls, _ launcher: KernelLauncher, _ staging: UploadStaging) -> any Recording {
    defer { commands = [] }
    return CommandRecording(context, launcher, staging, commands, operands, indices, memory: memory, of: calls)
  }
}

/// A command that the driver cannot keep for replays. The device remains usable.
struct CaptureFailure: Error {}

/// A buffer used by recorded commands.
struct CapturedOperand: Sendable {
  /// The position in the buffer at which an operand of a command starts.
  struct Use: Sendable {
    let command: Int
    let role: CapturedCommand.Role
    let offset: Int
  }

  /// The location of the buffer during recording.
  let home: Place
  var uses: [Use] = []
  /// The current location in the commands; nil if it is unknown after a driver error.
  var place: Place?
  /// The last replay that substituted another buffer.
  var replay = 0

  init(home: Place) {
    self.home = home
    place = home
  }
}
#endif
