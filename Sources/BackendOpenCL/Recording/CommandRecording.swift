#if OpenCL
internal import BackendCore
internal import COpenCL

/// Commands that are put into the queue again as they are: kernel objects have their arguments, and only those operands that
/// lie elsewhere than in the last replay are set anew.
final class CommandRecording: Recording, @unchecked Sendable {
  private let context: OpenCLContext
  private let launcher: KernelLauncher
  private let staging: UploadStaging
  private var commands: [KeptCommand]
  private var operands: [KeptOperand]
  private let indices: [cl_mem: Int]
  /// The operands that are not at home.
  private var moved: [Int] = []
  private var replays = 0
  private let launchCount: Int
  // What the commands use.
  private let memory: RecordingMemory
  private let foreign: [OpenCLBuffer]

  init(
    _ context: OpenCLContext, _ launcher: KernelLauncher, _ staging: UploadStaging, _ commands: [KeptCommand],
    _ operands: [KeptOperand], _ indices: [cl_mem: Int], memory: RecordingMemory, foreign: [OpenCLBuffer]
  ) {
    self.context = context
    self.launcher = launcher
    self.staging = staging
    self.commands = commands
    self.operands = operands
    self.indices = indices
    self.memory = memory
    self.foreign = foreign
    launchCount = commands.count { if case .launch = $0 { true } else { false } }
  }

  deinit {
    guard context.isInItsProcess else { return }
    for command in commands { command.release(context.cl) }
  }

  func replay(substituting substitutions: [BufferSubstitution]) throws {
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

  private func enqueue(_ command: KeptCommand) throws {
    switch command {
    case .launch(let launch): try context.check(launch.enqueue(context), "kernel \(launch.name())")
    case .copy(let source, let destination, let bytes): try context.copy(source, destination, bytes: bytes)
    case .upload(let bytes, let destination):
      try bytes.withUnsafeBytes { try staging.upload($0, into: destination) }
    }
  }

  /// Lets the commands find a buffer somewhere else. Nothing keeps that memory after the replay; by the number of its block the
  /// next one will know whether it is still that.
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
