#if OpenCL
internal import BackendCore
internal import COpenCL

/// Captures the commands that a backend enqueues while it records. It is used on one thread only.
final class CommandCapture: @unchecked Sendable {
  /// Memory used only by the recorded commands.
  let memory: RecordingMemory
  private let context: OpenCLContext
  private var commands: [CapturedCommand] = []
  private var operands: [KeptOperand] = []
  /// The index of a buffer in the operands, by its memory object. Memory of the recording and its content stay in
  /// place.
  private var indices: [cl_mem: Int] = [:]
  /// The buffers that existed before the recording.
  private var foreign: [OpenCLBuffer] = []
  /// Whether the commands can be repeated: not after the host has read a result or a call has failed, because later
  /// calls may depend on it.
  private var isRepeatable = true

  init(_ context: OpenCLContext, _ pool: BufferPool) {
    self.context = context
    memory = RecordingMemory(pool)
  }

  deinit { for command in commands { command.release(context.cl) } }

  func makeUnrepeatable() { isRepeatable = false }

  /// Runs a call. If it fails, the recording ends.
  func watch<Result>(_ call: () throws -> Result) throws -> Result {
    do {
      return try call()
    } catch {
      isRepeatable = false
      throw error
    }
  }

  /// Whether a replay may use different memory for this operand.
  func mayMove(_ slice: BufferSlice) -> Bool { (slice.buffer as? OpenCLBuffer)?.recording !== memory }

  func keep(_ launch: KeptLaunch, operands: [KernelOperand]) {
    for operand in operands { use(operand.slice, as: .argument(operand.index)) }
    commands.append(.launch(launch))
  }

  func keepCopy(_ source: BufferSlice, _ destination: BufferSlice, bytes: Int) {
    use(source, as: .source)
    use(destination, as: .destination)
    commands.append(.copy(from: Place(source), to: Place(destination), bytes: bytes))
  }

  func keepUpload(_ source: UnsafeRawBufferPointer, _ destination: BufferSlice) {
    use(destination, as: .destination)
    commands.append(.upload([UInt8](source), to: Place(destination)))
  }

  /// Registers an operand of the next command.
  private func use(_ slice: BufferSlice, as role: CapturedCommand.Role) {
    guard let buffer = slice.buffer as? OpenCLBuffer else { return }
    let index = indices[buffer.block.memory] ?? add(buffer)
    operands[index].uses.append(KeptOperand.Use(command: commands.count, role: role, offset: slice.offset))
  }

  private func add(_ buffer: OpenCLBuffer) -> Int {
    if buffer.recording !== memory { foreign.append(buffer) }
    indices[buffer.block.memory] = operands.count
    operands.append(KeptOperand(home: Place(BufferSlice(buffer))))
    return operands.count - 1
  }

  /// A recording that repeats the commands; nil if they cannot be repeated.
  func recording(of launcher: KernelLauncher, _ staging: UploadStaging) -> (any Recording)? {
    guard isRepeatable else { return nil }
    defer { commands = [] }
    return CommandRecording(
      context, launcher, staging, commands, operands, indices, memory: memory, foreign: foreign)
  }
}

/// A buffer used by recorded commands.
struct KeptOperand: Sendable {
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
