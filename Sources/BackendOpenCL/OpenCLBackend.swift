#if OpenCL
public import BackendCore
internal import COpenCL
import Synchronization

/// A backend for OpenCL devices: GPUs of any vendor, and CPU devices, which run the same kernels.
///
/// Calls enqueue kernels on one in-order queue and return; `download` and `synchronize` wait. If the device reports an
/// error later, the next call and all following calls throw it.
///
/// ```swift
/// let device = try OpenCLDevice.named("opencl:0:0")
/// let backend = try OpenCLBackend.shared(for: device)
/// ```
public final class OpenCLBackend: Backend {
  /// The device of this backend.
  public let device: OpenCLDevice
  let context: OpenCLContext
  let pool: BufferPool
  let staging: UploadStaging
  let launcher: KernelLauncher
  let options: OpenCLOptions
  /// Receives all commands instead of the queue, if this backend translates a recording.
  let capture: CommandCapture?

  /// One backend per physical device, created on first use and kept until the process ends.
  private static let backends = Mutex<[OpenCLDeviceHandle: OpenCLBackend]>([:])

  /// Returns the shared backend of a device, which is always the same instance.
  /// - Throws: `OpenCLError.unusable` if the driver cannot create a context, `BackendError.deviceLost` in a forked
  ///   process.
  public static func shared(for device: OpenCLDevice) throws -> OpenCLBackend {
    try backends.withLock { backends in
      if let backend = backends[device.handle] { return backend }
      let backend = try OpenCLBackend(device, OpenCLOptions(for: device))
      backends[device.handle] = backend
      return backend
    }
  }

  /// Creates a separate backend. Only tests use this; all other code uses `shared(for:)`.
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

  /// Creates a backend for the same device that enqueues nothing: its commands go to a capture.
  init(_ backend: OpenCLBackend, capturing capture: CommandCapture) {
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
  /// Returns true, except for float64 on a device without the extension `cl_khr_fp64`. Fused operations on float64 are
  /// compositions of primitives.
  public func supports(_ dtype: DType) -> Bool { dtype != .float64 || device.hasDoubles }
  public var capabilities: BackendCapabilities {
    BackendCapabilities(version: 1, largestBufferBytes: BufferPool.largestBlockSize(upTo: device.largestBufferBytes))
  }

  /// The number of kernels enqueued so far.
  public var launchCount: Int { launcher.launchCount }
  /// The number of times the host has waited for the device so far: for results, for memory, or on request.
  public var waitCount: Int { context.waits.load(ordering: .relaxed) }
  /// The number of times the host has read device memory so far. Operations never do this: if the number does not
  /// change, nothing was computed on the host instead of the device.
  public var hostReadCount: Int { context.hostReads.load(ordering: .relaxed) }
  /// The names of the kernel functions enqueued at least once.
  public var kernelsRun: Set<String> { launcher.functions }
}

/// Options varied by tests.
struct OpenCLOptions: Sendable {
  var sources = KernelSources.fromEnvironment
  /// The folder of compiled programs; nil to disable the cache.
  var binaryDirectory: String?
  /// The methods for matrix products.
  var matmulTable: MatmulTable
  /// Whether products may run on tensor cores.
  var mayUseFragments: Bool
  /// The tiles of convolutions, smallest first. The largest tile that fits is used, or else the first one.
  var convolutionTiles: [MatmulTile]
  /// Whether all kernels use 64-bit positions, as for operands of 2³¹ elements and more.
  var usesWidePositions = false
  /// Whether kernels are loops, each run by one work item over a piece of the work long enough to be worth a call. This
  /// suits the cores of a CPU. On other devices, there is a work item for every few elements.
  var runsLoops: Bool
  /// Whether products of integers use the extension for dot products, if its functions compile.
  var usesDotProducts: Bool
  /// Whether the device records the start and end of each command.
  var isProfiled = false
  /// Whether all new memory is filled with one-bits (NaN as floats), to reveal kernels that read uninitialized memory.
  var spoilsNewMemory = false

  /// Additional compiler options.
  var compilerOptions = ""

  /// The definitions for all programs.
  var definitions: String { (runsLoops ? " -DNN_LOOPS" : "") + compilerOptions }

  init(for device: OpenCLDevice) {
    binaryDirectory = ProgramBinaries.helps(device) ? ProgramBinaries.directoryFromEnvironment() : nil
    let isLikeGPU = KernelSources.areForGroups
    runsLoops = device.kind == .cpu && !isLikeGPU
    usesDotProducts = device.hasDotProducts
    mayUseFragments = KernelSources.mayUseFragments && device.hasTensorCores
    matmulTable =
      isLikeGPU
      ? .graphics(vendor: device.vendor)
      : MatmulTable.current(for: device, sources: sources, mayUseFragments: mayUseFragments)
    convolutionTiles = MatmulTile.convolutions(vendor: device.vendor)
  }
}

// MARK: Launching

extension OpenCLBackend {
  /// Whether work items run loops, as on CPUs. Otherwise, work groups share the work.
  package var runsLoops: Bool { options.runsLoops }
}

extension OpenCLBackend {
  /// Whether positions in operands of this many elements need 64 bits.
  func isWide(_ count: Int) -> Bool { options.usesWidePositions || count > Int(Int32.max) }

  /// Enqueues a kernel. Does nothing if there are no work groups.
  func launch(
    _ name: KernelName, _ groups: WorkGroups, _ arguments: (inout KernelArguments) throws -> Void
  ) throws {
    guard groups.x > 0, groups.y > 0, groups.z > 0 else {
      try context.checkUsable()
      return
    }
    let groups = options.runsLoops ? groups.loops : groups
    guard let capture else { return try launcher.launch(name, groups, arguments) }
    try launcher.capture(name, groups, arguments, in: capture)
  }

  /// Returns memory that lives as long as the call that requested it: its next user comes after that call in the queue.
  func temporary(_ count: Int, _ dtype: DType) throws -> BufferSlice {
    BufferSlice(try allocate(count: count, dtype: dtype))
  }

  /// This backend with fused operations as compositions of primitives: the kernels of fused operations are for float32.
  var composed: DefaultsOnly { DefaultsOnly(self) }

  func unsupported(_ operation: String, _ dtype: DType) -> BackendError {
    .unsupported(operation: operation, dtype: dtype, device: "\(device)")
  }

  /// Returns an element type's name in kernel names.
  /// - Throws: `BackendError.unsupported` if the operation is not defined for the type, or the device does not support it.
  func kernelType(of dtype: DType, for operation: OperationKind) throws -> String {
    try require(operation, for: dtype)
    return dtype.kernelType
  }

  /// Throws unless an operation is defined for an element type that the device supports.
  func require(_ operation: OperationKind, for dtype: DType) throws {
    if !performs(operation, dtype) { throw unsupported(operation.rawValue, dtype) }
  }
}

extension DType {
  /// The type's name in kernel names.
  var kernelType: String {
    switch self {
    case .float32: "float"
    case .int32: "int"
    case .bool: "bool"
    case .float64: "double"
    case .float16: "float16"
    case .bfloat16: "bfloat16"
    case .int8: "int8"
    case .uint8: "uint8"
    case .int16: "int16"
    case .int64: "int64"
    }
  }

  /// The type in which kernels compute: float32 for halves, which they convert when they load and store elements.
  var arithmetic: DType { isHalf ? .float32 : self }

  /// The name in kernels for elements that are only moved.
  var kernelWord: String {
    switch byteCount {
    case 1: "byte"
    case 2: "half"
    case 8: "long"
    default: "word"
    }
  }
}
#endif
