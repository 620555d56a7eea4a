#if OpenCL
internal import BackendCore
internal import COpenCL

/// Keeps what a backend puts into the queue while it records. Made for one thread.
final class CommandCapture: @unchecked Sendable {
  /// What the commands have among themselves.
  let memory: RecordingMemory
  private let context: OpenCLContext
  private var commands: [KeptCommand] = []
  private var operands: [KeptOperand] = []
  /// Where a buffer is among the operands, by its memory: that of the recording stays, and so does what it holds.
  private var indices: [cl_mem: Int] = [:]
  /// The buffers that were there before.
  private var foreign: [OpenCLBuffer] = []
  /// False once the host has looked at a result, or a call has failed: what happens next may depend on it.
  private var isRepeatable = true

  init(_ context: OpenCLContext, _ pool: BufferPool) {
    self.context = context
    memory = RecordingMemory(pool)
  }

  deinit { for command in commands { command.release(context.cl) } }

  func makeUnrepeatable() { isRepeatable = false }

  /// Runs a call; its failure ends the recording.
  func watch<Result>(_ call: () throws -> Result) throws -> Result {
    do {
      return try call()
    } catch {
      isRepeatable = false
      throw error
    }
  }

  /// True for memory that a replay may find somewhere else.
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

  /// Notes an operand of the command that comes next.
  private func use(_ slice: BufferSlice, as role: KeptCommand.Role) {
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

  /// What repeats the commands; nil when they cannot be repeated.
  func recording(of launcher: KernelLauncher, _ staging: UploadStaging) -> (any Recording)? {
    guard isRepeatable else { return nil }
    defer { commands = [] }
    return CommandRecording(
      context, launcher, staging, commands, operands, indices, memory: memory, foreign: foreign)
  }
}

/// A buffer that kept commands use.
struct KeptOperand: Sendable {
  /// Where an operand of a command begins in the buffer.
  struct Use: Sendable {
    let command: Int
    let role: KeptCommand.Role
    let offset: Int
  }

  /// Where the buffer was while it was recorded.
  let home: Place
  var uses: [Use] = []
  /// Where the commands look for it now; nil when a driver's refusal has left that open.
  var place: Place?
  /// The last replay that had another one in its place.
  var replay = 0

  init(home: Place) {
    self.home = home
    place = home
  }
}
#endif
