#if OpenCL
public import BackendCore
internal import COpenCL
import Synchronization

/// Computes on an OpenCL device: any vendor's GPU, or a CPU-type device, which runs the same kernels.
///
/// Calls put kernels into one in-order queue and return; `download` and `synchronize` wait. A failure that the device
/// reports later is thrown by the next call, and by every one after it.
///
/// ```swift
/// let device = try OpenCLDevice.named("opencl:0:0")
/// let backend = try OpenCLBackend.shared(for: device)
/// ```
public final class OpenCLBackend: Backend {
  /// What this backend runs on.
  public let device: OpenCLDevice
  let context: OpenCLContext
  let pool: BufferPool
  let staging: UploadStaging
  let launcher: KernelLauncher
  let options: OpenCLOptions
  /// Gets all that is put into the queue, where this backend records for another one.
  let capture: CommandCapture?

  /// One backend for each physical device, made on first use and kept to the end of the process.
  private static let backends = Mutex<[OpenCLDeviceHandle: OpenCLBackend]>([:])

  /// The backend of a device; always the same one.
  /// - Throws: `OpenCLError.unusable` when the driver gives no context, `BackendError.deviceLost` in a forked process.
  public static func shared(for device: OpenCLDevice) throws -> OpenCLBackend {
    try backends.withLock { backends in
      if let backend = backends[device.handle] { return backend }
      let backend = try OpenCLBackend(device, OpenCLOptions(for: device))
      backends[device.handle] = backend
      return backend
    }
  }

  /// A backend of its own; `shared(for:)` is what everybody but tests calls.
  init(_ device: OpenCLDevice, _ options: OpenCLOptions, functions: NNOpenCLFunctions? = nil) throws {
    self.device = device
    self.options = options
    context = try OpenCLContext(device, functions: functions, isProfiled: options.isProfiled)
    pool = BufferPool(context)
    staging = UploadStaging(context)
    let binaries = options.binaryDirectory.map { ProgramBinaries(directory: $0, device: device) }
    let programs = ProgramCache(
      context, sources: options.sources, binaries: binaries, definitions: options.definitions)
    launcher = KernelLauncher(context, programs: programs)
    capture = nil
  }

  /// The same device, queue and memory; what is put into the queue is kept as well.
  init(recording backend: OpenCLBackend, into capture: CommandCapture) {
    device = backend.device
    context = backend.context
    pool = backend.pool
    staging = backend.staging
    launcher = backend.launcher
    options = backend.options
    self.capture = capture
  }

  public var name: String { device.name }
  public var identifier: String { device.identifier }
  public var kind: DeviceKind { device.kind }
  public func supports(_ dtype: DType) -> Bool { dtype != .float64 }

  /// How many kernels were put into the queue so far.
  public var launchCount: Int { launcher.launchCount }
  /// How often the host waited for the device so far: for results, for memory, or because it was asked to.
  public var waitCount: Int { context.waits.load(ordering: .relaxed) }
  /// How often the host read memory of the device so far. No operation does: what leaves this number as it was has computed
  /// nothing on the host in the place of the device.
  public var hostReadCount: Int { context.hostReads.load(ordering: .relaxed) }
  /// The names of the kernel functions that were put into the queue at least once.
  public var kernelsRun: Set<String> { launcher.functions }
}

/// What tests vary.
struct OpenCLOptions: Sendable {
  var sources = KernelSources.fromEnvironment
  /// Where built programs are kept; nil for nowhere.
  var binaryDirectory: String?
  /// How matrix products are computed.
  var matmulTable: MatmulTable
  /// The tiles of convolutions, from the smallest on, of which the one that fits is taken, or the first.
  var convolutionTiles: [MatmulTile]
  /// Every kernel takes 64-bit positions, as for operands of 2³¹ elements and more.
  var usesWidePositions = false
  /// Kernels are loops run by one item each, a piece of the work long enough to be worth a call: what the cores of a
  /// processor like. Other devices get a work item for each few elements.
  var runsLoops: Bool
  /// The device notes when each command begins and ends.
  var isProfiled = false
  /// All that is allocated begins as one-bits, NaN as floats: a kernel that reads what nobody has written shows.
  var spoilsNewMemory = false

  /// What compilers are told beside.
  var compilerOptions = ""

  /// What all programs are built with.
  var definitions: String { (runsLoops ? " -DNN_LOOPS" : "") + compilerOptions }

  init(for device: OpenCLDevice) {
    binaryDirectory = ProgramBinaries.helps(device) ? ProgramBinaries.directoryFromEnvironment() : nil
    let isLikeGPU = KernelSources.areForGroups
    runsLoops = device.kind == .cpu && !isLikeGPU
    matmulTable =
      isLikeGPU ? .graphics(vendor: device.vendor) : MatmulTable.current(for: device, sources: sources)
    convolutionTiles = MatmulTile.convolutions(vendor: device.vendor)
  }
}

// MARK: Launching

extension OpenCLBackend {
  /// Items run loops, as on processors; elsewhere work groups share the work.
  package var runsLoops: Bool { options.runsLoops }
}

extension OpenCLBackend {
  /// True when positions of operands of this many elements need 64 bits.
  func isWide(_ count: Int) -> Bool { options.usesWidePositions || count > Int(Int32.max) }

  /// Puts a kernel into the queue; no work groups is no work.
  func launch(
    _ name: KernelName, _ groups: WorkGroups, _ arguments: (inout KernelArguments) throws -> Void
  ) throws {
    guard groups.x > 0, groups.y > 0, groups.z > 0 else {
      try context.checkUsable()
      return
    }
    let groups = options.runsLoops ? groups.loops : groups
    guard let capture else { return try launcher.launch(name, groups, arguments) }
    try capture.watch { try launcher.launch(name, groups, arguments) }
    launcher.keep(name, groups, arguments, in: capture)
  }

  /// Memory that lives as long as the call that asked for it: its next user is behind that call in the queue.
  func temporary(_ count: Int, _ dtype: DType) throws -> BufferSlice {
    BufferSlice(try allocate(count: count, dtype: dtype))
  }

  func unsupported(_ operation: String, _ dtype: DType) -> BackendError {
    .unsupported(operation: operation, dtype: dtype, device: "\(device)")
  }

  func requireFloat32(_ x: BufferSlice, _ operation: String) throws {
    if x.dtype != .float32 { throw unsupported(operation, x.dtype) }
  }
}

extension DType {
  /// The type's name in the names of kernels; nil for float64, which no kernel takes.
  var kernelType: String? {
    switch self {
    case .float32: "float"
    case .int32: "int"
    case .bool: "bool"
    case .float64: nil
    }
  }

  /// What kernels call an element that is only moved.
  var kernelWord: String { byteCount == 1 ? "byte" : "word" }
}
#endif
