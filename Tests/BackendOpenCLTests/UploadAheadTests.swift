#if OpenCL
import HostSystem
import COpenCL
import NeuralNetworks
import Synchronization
import Testing

@testable import BackendOpenCL

/// A device with controlled speed: from `hold` to `release`, the queue stops before its next kernel, while the host
/// continues as far as it can. Only one suite at a time may use it.
private enum HeldDriver {
  /// A user event, which the next kernel waits for.
  private struct Gate: @unchecked Sendable {
    let event: cl_event
    /// The event of the waiting kernel.
    var kernel: cl_event?
  }

  private struct State {
    var gate: Gate?
    var uploads: [Int] = []
    var launches = 0
  }

  private typealias CreateUserEvent = @convention(c) (cl_context?, UnsafeMutablePointer<cl_int>?) -> cl_event?
  private typealias SetUserEventStatus = @convention(c) (cl_event?, cl_int) -> cl_int

  private static let state = Mutex(State())
  private static var cl: NNOpenCLFunctions { nn_opencl_functions()!.pointee }

  private static func entry<Function>(_ name: String) -> Function {
    let library = dlopen(nn_opencl_loader_path(), RTLD_NOW)
    return unsafeBitCast(dlsym(library, name)!, to: Function.self)
  }

  /// Starts counting.
  static func hold(_ context: OpenCLContext) throws {
    let create: CreateUserEvent = entry("clCreateUserEvent")
    let event = try #require(create(context.context, nil))
    state.withLock { $0 = State(gate: Gate(event: event)) }
  }

  /// Lets the queue continue, once.
  static func release() {
    let gate = state.withLock { state in
      defer { state.gate = nil }
      return state.gate
    }
    guard let gate else { return }
    let set: SetUserEventStatus = entry("clSetUserEventStatus")
    _ = set(gate.event, CL_COMPLETE)
    for event in [gate.event, gate.kernel] where event != nil { _ = cl.clReleaseEvent(event) }
  }

  /// Since `hold`: the bytes of uploads that did not wait, and the number of kernels.
  static var uploads: [Int] { state.withLock(\.uploads) }
  static var launches: Int { state.withLock(\.launches) }

  /// True while the first kernel after `hold` is enqueued and has not started.
  static var isHeld: Bool {
    state.withLock { state in
      guard let kernel = state.gate?.kernel else { return false }
      var status: cl_int = CL_COMPLETE
      let key = cl_event_info(CL_EVENT_COMMAND_EXECUTION_STATUS)
      return cl.clGetEventInfo(kernel, key, MemoryLayout<cl_int>.size, &status, nil) == CL_SUCCESS
        && (status == CL_QUEUED || status == CL_SUBMITTED)
    }
  }

  static var functions: NNOpenCLFunctions {
    var functions = cl
    functions.clEnqueueWriteBuffer = { queue, memory, blocks, offset, size, host, waits, list, event in
      let status = HeldDriver.cl.clEnqueueWriteBuffer(queue, memory, blocks, offset, size, host, waits, list, event)
      if blocks == cl_bool(CL_FALSE) { HeldDriver.state.withLock { $0.uploads.append(size) } }
      return status
    }
    functions.clEnqueueNDRangeKernel = { queue, kernel, axes, offset, global, local, waits, list, event in
      HeldDriver.state.withLock { state in
        state.launches += 1
        guard var gate = state.gate, gate.kernel == nil else {
          return HeldDriver.cl.clEnqueueNDRangeKernel(
            queue, kernel, axes, offset, global, local, waits, list, event)
        }
        var first: cl_event? = gate.event
        let status = HeldDriver.cl.clEnqueueNDRangeKernel(
          queue, kernel, axes, offset, global, local, 1, &first, &gate.kernel)
        state.gate = gate
        return status
      }
    }
    return functions
  }
}

/// The host is ahead of the device: it submits the next batch before the last step has ended, and no step waits.
@Suite(.serialized, .enabled(if: TestDevices.exist)) struct UploadAheadTests {
  private static let examples = 32, width = 784
  private static let bytes = 4 * examples * width

  private func model(_ device: Device) throws -> Sequential {
    let model = Sequential(inputShape: [UploadAheadTests.width]) {
      Dense(128, activation: .relu)
      Dense(10)
    }
    try model.build(inputShape: [UploadAheadTests.width], on: device, seed: 1)
    return model
  }

  /// Examples in the host's memory.
  private func data(_ batches: Int) -> TensorDataset {
    let count = batches * UploadAheadTests.examples
    let inputs = Tensor.uniform([count, UploadAheadTests.width], in: -1..<1, using: RandomStream(seed: 1))
    return TensorDataset(inputs, Tensor(integers: (0..<count).map { $0 % 10 }))
  }

  /// Holds the device until enough is enqueued, or for a minute. Returns whether that happened before its first
  /// kernel started.
  private func isAhead(
    _ backend: OpenCLBackend, when isEnough: @escaping @Sendable () -> Bool, _ body: () throws -> Void
  ) throws -> Bool {
    try HeldDriver.hold(backend.context)
    let wasAhead = Mutex(false)
    let watcher = SystemThread {
      var patience = 60_000
      while !isEnough(), patience > 0 {
        usleep(1000)
        patience -= 1
      }
      wasAhead.withLock { $0 = patience > 0 && HeldDriver.isHeld }
      HeldDriver.release()
    }
    try #require(watcher != nil)
    let result = Result { try body() }
    watcher?.join()
    try result.get()
    return wasAhead.withLock { $0 }
  }

  private static func hasBatches(_ count: Int) -> Bool { HeldDriver.uploads.count { $0 == bytes } >= count }

  /// The losses of eight steps, which the host reads after all steps are enqueued. The device does not start the fifth
  /// step before the complete eighth step is enqueued.
  private func losses(_ backend: OpenCLBackend, isHeld: Bool) throws -> [Double] {
    let device = Device(backend)
    let step = try TrainingStep(
      model(device), optimizer: .adam(), loss: .sparseCategoricalCrossEntropy(fromLogits: true))
    var batches = data(8).batches(of: UploadAheadTests.examples)
    var losses: [Tensor] = []
    func steps(_ count: Int) throws {
      for _ in 0..<count { losses.append(try step(try #require(try batches.next())).loss) }
    }
    // One step is eager, one is recorded, two are replayed.
    try steps(3)
    let before = backend.launchCount
    try steps(1)
    let launches = backend.launchCount - before
    try device.synchronize()
    guard isHeld else {
      try steps(4)
      return try losses.map { try $0.item() }
    }
    let waits = backend.waitCount
    #expect(
      try isAhead(
        backend, when: { UploadAheadTests.hasBatches(4) && HeldDriver.launches >= 4 * launches }, { try steps(4) }))
    #expect(backend.waitCount == waits)
    return try losses.map { try $0.item() }
  }

  @Test(arguments: TestDevices.all) func stepsDoNotWaitForSteps(device: OpenCLDevice) throws {
    let held = try OpenCLBackend(device, OpenCLOptions(for: device), functions: HeldDriver.functions)
    let free = try OpenCLBackend(device, OpenCLOptions(for: device))
    let (found, expected) = (try losses(held, isHeld: true), try losses(free, isHeld: false))
    #expect(found.count == 8 && found == expected)
  }

  /// The whole epoch is enqueued before its first step starts; only then are its loss and metrics read.
  @Test(arguments: TestDevices.all) func fitReadsNothingBetweenSteps(device: OpenCLDevice) throws {
    let backend = try OpenCLBackend(device, OpenCLOptions(for: device), functions: HeldDriver.functions)
    let there = Device(backend)
    let model = try model(there)
    model.compile(
      optimizer: .adam(), loss: .sparseCategoricalCrossEntropy(fromLogits: true), metrics: [.accuracy], device: there)
    let data = data(6)
    // The first time, programs are built and memory is allocated.
    try model.fit(data, epochs: 2, batchSize: UploadAheadTests.examples, verbosity: .silent)
    var history: History?
    #expect(
      try isAhead(backend, when: { UploadAheadTests.hasBatches(6) }) {
        history = try model.fit(data, batchSize: UploadAheadTests.examples, verbosity: .silent)
      })
    #expect(history?.epochs.count == 1)
  }

  /// Data staged in several pieces is submitted twice: for the current batch and for the next one.
  @Test(arguments: TestDevices.all) func largeBatchesDoNotWait(device: OpenCLDevice) throws {
    let backend = try OpenCLBackend(device, OpenCLOptions(for: device), functions: HeldDriver.functions)
    let count = 5 << 20
    let batches = [1, 2, 3].map { number in (0..<count).map { Float($0 % 1009 + number) } }
    let slices = try batches.map { _ in try backend.empty(count) }
    func upload(_ index: Int) throws {
      try batches[index].withUnsafeBytes { try backend.upload($0, into: slices[index]) }
    }
    // For the first one, memory is mapped.
    try upload(0)
    try backend.synchronize()
    let waits = backend.waitCount
    #expect(
      try isAhead(backend, when: { HeldDriver.uploads.reduce(0, +) == 8 * count }) {
        try backend.unary(.relu, slices[0], count: count, into: slices[0])
        try upload(1)
        try upload(2)
      })
    #expect(backend.waitCount == waits)
    for (slice, batch) in zip(slices, batches) { #expect(try backend.floats(slice, count: count) == batch) }
  }
}
#endif
