#if OpenCL
internal import BackendCore
internal import COpenCL

/// Commands that are enqueued again unchanged: kernel objects retain their arguments, and only operands with a
/// different location than in the last replay are set again.
final class CommandRecording: Recording, @unchecked Sendable {
  private let context: OpenCLContext
  private let launcher: KernelLauncher
  private let staging: UploadStaging
  private var commands: [CapturedCommand]
  private var operands: [CapturedOperand]
  private let indices: [cl_mem: Int]
  /// The operands that are not at their original location.
  private var moved: [Int] = []
  private var replays = 0
  private let launchCount: Int
  /// The memory of commands, and of the values of the calls.
  private let memory: RecordingMemory
  private let planned: PlannedCalls

  var calls: CallList? { planned.list }

  init(
    _ context: OpenCLContext, _ launcher: KernelLauncher, _ staging: UploadStaging, _ commands: [CapturedCommand],
    _ operands: [CapturedOperand], _ indices: [cl_mem: Int], memory: RecordingMemory, of planned: PlannedCalls
  ) {
    self.context = context
    self.launcher = launcher
    self.staging = staging
    self.commands = commands
    self.operands = operands
    self.indices = indices
    self.memory = memory
    self.planned = planned
    launchCount = commands.count { if case .launch = $0 { true } else { false } }
  }

  deinit {
    guard context.isInItsProcess else { return }
    for command in commands { command.release(context.cl) }
  }

  func replay(substituting substitutions: [BufferBinding]) throws {
    try context.checkUsable()
    replays += 1
    for substitution in substitutions {
      guard let buffer = substitution.buffer as? OpenCLBuffer, let index = indices[buffer.block.memory] else {
        continue
      }
      operands[index].replay = replays
      try move(index, to: Place(substitution.replacement))
    }
    for index in moved where operands[index].replay != replays { try move(index, to: operands[index].home) }
    moved.removeAll { operands[$0].place == operands[$0].home }
    for command in commands { try enqueue(command) }
    launcher.countLaunches(launchCount)
  }

  private func enqueue(_ command: CapturedCommand) throws {
    switch command {
    case .launch(let launch): try context.check(launch.enqueue(context), "kernel \(launch.name())")
    case .copy(let source, let destination, let bytes): try context.copy(source, destination, bytes: bytes)
    case .upload(let bytes, let destination):
      try bytes.withUnsafeBytes { try staging.upload($0, into: destination) }
    }
  }

  /// Changes the location of a buffer in the commands. The memory is not retained after the replay; the next replay
  /// checks by block number whether it is still the same.
  private func move(_ index: Int, to place: Place) throws {
    let operand = operands[index]
    guard operand.place != place else { return }
    if operand.place == operand.home { moved.append(index) }
    operands[index].place = nil
    for use in operand.uses {
      let status = commands[use.command].move(use.role, to: place.advanced(by: use.offset), context.cl)
      try context.check(status, "setting an argument of a recorded kernel")
    }
    operands[index].place = place
  }
}
#endif
