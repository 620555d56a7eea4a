#if OpenCL
internal import BackendCore
internal import COpenCL
import Synchronization

/// Enqueues kernels. Arguments belong to a kernel object until it is enqueued, so setting them and enqueuing form one
/// critical section.
final class KernelLauncher: Sendable {
  private struct Kernel: @unchecked Sendable {
    let handle: cl_kernel
  }

  private let context: OpenCLContext
  let programs: ProgramCache
  private let kernels = Mutex<[KernelName: Kernel]>([:])
  private let launches = Atomic<Int>(0)

  init(_ context: OpenCLContext, programs: ProgramCache) {
    self.context = context
    self.programs = programs
  }

  /// The number of enqueued kernels.
  var launchCount: Int { launches.load(ordering: .relaxed) }

  /// The functions enqueued at least once.
  var functions: Set<String> { Set(kernels.withLock { Array($0.keys) }.map(\.function)) }

  /// Enqueues a kernel; `arguments` sets its arguments in order.
  /// - Throws: `BackendError`.
  func launch(
    _ name: KernelName, _ groups: WorkGroups, _ arguments: (inout KernelArguments) throws -> Void
  ) throws {
    try context.checkUsable()
    var status = try enqueue(name, groups, arguments)
    if status == nil {
      // First launch: the program is built without holding the lock, so that other threads can continue to launch
      // kernels.
      let kernel = Kernel(handle: try programs.kernel(name))
      let isSecond = kernels.withLock { kernels in
        if kernels[name] != nil { return true }
        kernels[name] = kernel
        return false
      }
      if isSecond { _ = context.cl.clReleaseKernel(kernel.handle) }
      status = try enqueue(name, groups, arguments)
    }
    try context.check(status ?? CL_INVALID_KERNEL, "kernel \(name.function)")
    countLaunches(1)
  }

  /// Counts enqueued kernels. Drivers may delay commands that nobody waits for, but the device should not idle while
  /// the host continues.
  func countLaunches(_ count: Int) {
    let (before, now) = launches.add(count, ordering: .relaxed)
    if before / 32 != now / 32 { _ = context.cl.clFlush(context.queue) }
  }

  /// Creates a kernel object with these arguments for replays.
  func capture(
    _ name: KernelName, _ groups: WorkGroups, _ arguments: (inout KernelArguments) throws -> Void,
    in capture: CommandCapture
  ) throws {
    let kernel = try programs.kernel(name)
    var writer = KernelArguments(kernel: kernel, cl: context.cl, isWide: name.program.isWide)
    writer.keepsOperands = true
    guard (try? arguments(&writer)) != nil, writer.status == CL_SUCCESS else {
      _ = context.cl.clReleaseKernel(kernel)
      throw CaptureFailure()
    }
    let launch = CapturedLaunch(
      kernel: kernel, name: { name.function }, bytes: capture.bytes(of: writer.operands), dimensions: 3,
      global: groups.global, local: groups.local, takesOffsets: true)
    capture.add(launch, operands: writer.operands)
  }

  /// Enqueues a kernel and returns the driver's result; nil if the kernel does not exist yet.
  private func enqueue(
    _ name: KernelName, _ groups: WorkGroups, _ arguments: (inout KernelArguments) throws -> Void
  ) throws -> cl_int? {
    try kernels.withLock { kernels in
      guard let kernel = kernels[name] else { return nil }
      var writer = KernelArguments(kernel: kernel.handle, cl: context.cl, isWide: name.program.isWide)
      try arguments(&writer)
      guard writer.status == CL_SUCCESS else { return writer.status }
      let (global, local) = (groups.global, groups.local)
      return context.profiled(name.function, bytes: writer.bytes) { event in
        global.span.withUnsafeBufferPointer { global in
          local.span.withUnsafeBufferPointer { local in
            context.cl.clEnqueueNDRangeKernel(
              context.queue, kernel.handle, 3, nil, global.baseAddress, local.baseAddress, 0, nil, event)
          }
        }
      }
    }
  }
}

/// Sets the arguments of a kernel in order.
struct KernelArguments: ~Copyable {
  private let kernel: cl_kernel
  private let cl: NNOpenCLFunctions
  private let isWide: Bool
  private var index: cl_uint = 0
  /// The first failure.
  private(set) var status: cl_int = CL_SUCCESS
  /// The size of the operands in bytes.
  private(set) var bytes = 0
  /// Whether operands are stored for recordings.
  var keepsOperands = false
  /// The operands that are followed by their offsets.
  private(set) var operands: [KernelOperand] = []

  init(kernel: cl_kernel, cl: NNOpenCLFunctions, isWide: Bool) {
    self.kernel = kernel
    self.cl = cl
    self.isWide = isWide
  }

  private mutating func set(_ size: Int, _ value: UnsafeRawPointer) {
    let result = cl.clSetKernelArg(kernel, index, size, value)
    if status == CL_SUCCESS { status = result }
    index += 1
  }

  /// Adds a value in its memory representation: a number of fixed size, or a structure with the same declaration in the
  /// kernel.
  mutating func value<Value: BitwiseCopyable>(_ value: Value) {
    withUnsafeBytes(of: value) { set($0.count, $0.baseAddress!) }
  }

  /// Adds the memory object of a `temporary`, without an offset.
  mutating func memory(_ slice: BufferSlice) {
    var memory: cl_mem? = slice.memory
    set(MemoryLayout<cl_mem?>.size, &memory)
  }

  /// Adds a memory object and the 64-bit offset of the first element.
  /// - Parameter count: The number of elements that the kernel accesses, for profiles; by default all elements up to
  ///   the end of the buffer.
  mutating func slice(_ slice: BufferSlice, _ count: Int? = nil) {
    if keepsOperands { operands.append(KernelOperand(index: index, slice: slice, count: count)) }
    memory(slice)
    bytes += (count ?? slice.buffer.count - slice.offset) * slice.dtype.byteCount
    value(UInt64(slice.offset))
  }

  /// Adds an `index_t`: a count or a position in an operand.
  mutating func count(_ count: Int) {
    if isWide {
      value(UInt64(count))
    } else {
      value(UInt32(count))
    }
  }

  /// Adds a `float`.
  mutating func float(_ number: Double) { value(Float(number)) }

  /// Adds an `int`, 0 or 1.
  mutating func flag(_ flag: Bool) { value(Int32(flag ? 1 : 0)) }

  /// Adds a number of the element type, rounded once.
  mutating func scalar(_ number: Double, _ dtype: DType) {
    switch dtype {
    case .float32: float(number)
    case .float64: value(number)
    case .int8: value(Int8(saturating: number))
    case .uint8: value(UInt8(saturating: number))
    case .int16: value(Int16(saturating: number))
    case .int64: value(Int64(saturating: number))
    case .int32: value(Int32(saturating: number))
    case .bool: value(UInt8(number == 0 ? 0 : 1))
    case .float16, .bfloat16: value(HalfFormat(dtype).bits(of: number))
    }
  }

  /// Adds a `loop_t`: the extents of a loop, innermost first.
  mutating func loop(_ shape: Shape) {
    if isWide {
      var words = InlineArray<9, UInt64>(repeating: 1)
      words[0] = UInt64(shape.rank)
      for axis in 0..<shape.rank { words[shape.rank - axis] = UInt64(shape[axis]) }
      value(words)
    } else {
      var words = InlineArray<25, UInt32>(repeating: 1)
      words[0] = UInt32(shape.rank)
      for axis in 0..<shape.rank {
        let place = shape.rank - axis
        let divisor = KernelDivisor(UInt32(shape[axis]))
        (words[place], words[8 + place], words[16 + place]) = (UInt32(shape[axis]), divisor.factor, divisor.shift)
      }
      value(words)
    }
  }

  /// Adds a `steps_t`: the strides of one operand, innermost first.
  mutating func steps(_ strides: Strides, rank: Int) {
    if isWide {
      var words = InlineArray<8, Int64>(repeating: 0)
      for axis in 0..<rank { words[rank - 1 - axis] = Int64(strides[axis]) }
      value(words)
    } else {
      var words = InlineArray<8, Int32>(repeating: 0)
      for axis in 0..<rank { words[rank - 1 - axis] = Int32(strides[axis]) }
      value(words)
    }
  }
}

/// The constants with which a kernel divides by an extent: `NN_QUOTIENT` in `Common.cl`.
struct KernelDivisor {
  let factor, shift: UInt32

  /// Computes the constants.
  /// - Parameter extent: An extent below 2³¹. The extent 0, for a loop that does not run, divides like 1.
  init(_ extent: UInt32) {
    let extent = UInt64(max(extent, 1))
    let shift = UInt64(64 - (extent - 1).leadingZeroBitCount)
    factor = UInt32((1 << 32) * ((1 << shift) - extent) / extent + 1)
    self.shift = UInt32(shift)
  }
}

/// An operand of a kernel.
struct KernelOperand {
  /// The index of the argument.
  let index: cl_uint
  let slice: BufferSlice
  /// The number of elements that the kernel accesses; nil for all.
  var count: Int?
}
#endif
