internal import HostSystem
import BackendCore
import CPUKernels

/// The CPU backend: vector kernels for the best instruction set of the machine, on all of its cores.
///
/// A call completes on the caller's thread and the thread pool before it returns. Element types are `float32`, `int32`,
/// `bool`, `float64`, and `int64`, for the calls that `computesHalves(_:_:)` names `float16` and `bfloat16`, and, for
/// operations that move or convert elements, all others. Fused operations on `float64` are compositions of primitives.
/// Results depend on the instruction set and the shapes, never on the number of threads.
///
/// Environment: `NN_NUM_THREADS` limits the number of threads; `NN_CPU_ISA=avx512|avx2|neon|baseline` selects the
/// kernels of exactly this instruction set. Without it, products and convolutions of bfloat16 use AVX512-BF16, and
/// products of 8-bit integers AVX512-VNNI, if the processor has them.
///
/// ```swift
/// let backend = CPUBackend.shared
/// let x = try backend.allocate(count: 4, dtype: .float32)
/// try backend.fill(BufferSlice(x), count: 4, with: 2)
/// ```
public final class CPUBackend: Backend {
  /// The backend of `Device.cpu`, created on first use.
  public static let shared = CPUBackend()

  public let name: String
  public let identifier = "cpu"
  public let kind = DeviceKind.cpu
  /// The instruction set of the kernels.
  public let instructionSet: InstructionSet
  /// The number of threads that share an operation, including the caller's.
  public var threadCount: Int { pool.threadCount }

  /// The kernel table, in constant memory of the program.
  nonisolated(unsafe) let kernels: UnsafePointer<nn_cpu_kernels>
  /// The kernels for bfloat16 that extend the instruction set, if it was not requested by name.
  nonisolated(unsafe) let bfloat16Kernels: UnsafePointer<nn_bfloat16_kernels>?
  /// The kernels for 8-bit integers: those of the instruction set, or of its extension as above.
  nonisolated(unsafe) let integerKernels: UnsafePointer<nn_integer_kernels>
  let pool: ThreadPool
  let allocator: CachingAllocator

  /// Creates a separate backend with its own threads and memory, for tests and measurements. Programs use `shared`.
  ///
  /// - Parameters:
  ///   - instructionSet: The instruction set of the kernels, without extensions; by default the value of `NN_CPU_ISA`,
  ///     or else the fastest one with its extensions (AVX512-BF16, AVX512-VNNI). An instruction set that this machine
  ///     does not support is a programmer error; see `InstructionSet.available`.
  ///   - threads: The number of threads that share an operation; by default the value of `NN_NUM_THREADS`, or else the
  ///     number of processors available to this process.
  public init(instructionSet: InstructionSet? = nil, threads: Int? = nil) {
    let requested = instructionSet ?? .requested
    let chosen = requested ?? .fastest
    guard let kernels = chosen.kernels, chosen.isAvailable else {
      fatalError("this machine has no \(chosen.rawValue); it has \(InstructionSet.available.map(\.rawValue))")
    }
    self.instructionSet = chosen
    self.kernels = kernels
    bfloat16Kernels = requested == nil ? nn_bfloat16_kernels_for(chosen.code) : nil
    let extended = requested == nil ? nn_integer_kernels_for(chosen.code) : nil
    integerKernels = extended ?? UnsafePointer(kernels.pointer(to: \.integers)!)
    name = processorName()
    pool = ThreadPool(threadCount: threads ?? Self.preferredThreads)
    allocator = CachingAllocator(limit: (physicalMemory() ?? 8 << 30) / 4 * 3)
  }

  /// Returns true: all types are supported.
  public func supports(_ dtype: DType) -> Bool { true }
  public var capabilities: BackendCapabilities { BackendCapabilities(version: 1, isSynchronous: true) }

  private static var preferredThreads: Int {
    let count = setting(
      "NN_NUM_THREADS", expected: "a number from 1 to 1024", otherwise: "using all processors"
    ) { Int($0).flatMap { (1...1024).contains($0) ? $0 : nil } }
    return count ?? availableProcessors()
  }

  /// Prints a line on standard error for each invalid environment variable of this backend.
  package static func checkEnvironment() { _ = (InstructionSet.requested, preferredThreads) }
}

// MARK: - Memory

extension CPUBackend {
  public func allocate(count: Int, dtype: DType) throws -> Buffer {
    let (byteCount, overflows) = count.multipliedReportingOverflow(by: dtype.byteCount)
    let block = try allocator.allocate(byteCount: overflows ? .max : byteCount)
    return CPUBuffer(count: count, dtype: dtype, block: block, allocator: allocator)
  }

  public func upload(_ source: UnsafeRawBufferPointer, into destination: BufferSlice) throws {
    guard let base = source.baseAddress else { return }
    copyBytes(base, destination.address, source.count)
  }

  public func download(_ source: BufferSlice, into destination: UnsafeMutableRawBufferPointer) throws {
    guard let base = destination.baseAddress else { return }
    copyBytes(source.address, base, destination.count)
  }

  public func copy(_ source: BufferSlice, count: Int, into destination: BufferSlice) throws {
    copyBytes(source.address, destination.address, count * source.dtype.byteCount)
  }

  public func fill(_ destination: BufferSlice, count: Int, with value: Double) throws {
    switch destination.dtype {
    case .float32: fillWords(destination.words, Float(value).bitPattern, count)
    case .int32: fillWords(destination.words, UInt32(bitPattern: Int32(saturating: value)), count)
    case .bool: memset(destination.address, value != 0 ? 1 : 0, count)
    case .int8: memset(destination.address, Int32(Int8(saturating: value)), count)
    case .uint8: memset(destination.address, Int32(UInt8(saturating: value)), count)
    case .int16: fillHalves(destination.halves, UInt16(bitPattern: Int16(saturating: value)), count)
    case .int64: fillLongs(destination.longs, UInt64(bitPattern: Int64(saturating: value)), count)
    case .float64: fillLongs(destination.longs, value.bitPattern, count)
    case .float16, .bfloat16:
      fillHalves(destination.halves, HalfFormat(destination.dtype).bits(of: value), count)
    }
  }

  public func synchronize() throws {}

  public func memoryStatistics() -> MemoryStatistics { allocator.statistics() }

  public func setMemoryLimit(bytes: Int) { allocator.setLimit(bytes) }

  public func trimMemory() { allocator.trim() }

  private func fillWords(_ y: UnsafeMutablePointer<UInt32>, _ value: UInt32, _ count: Int) {
    parallel(count, grain: Grain.copy) { kernels.pointee.fill_words(y + $0.lowerBound, value, $0.count) }
  }

  private func fillHalves(_ y: UnsafeMutablePointer<UInt16>, _ value: UInt16, _ count: Int) {
    parallel(count, grain: Grain.copy, unit: 32) { kernels.pointee.fill_halves(y + $0.lowerBound, value, $0.count) }
  }

  private func fillLongs(_ y: UnsafeMutablePointer<UInt64>, _ value: UInt64, _ count: Int) {
    parallel(count, grain: Grain.copy) { kernels.pointee.fill_longs(y + $0.lowerBound, value, $0.count) }
  }

  func copyBytes(_ source: UnsafeRawPointer, _ destination: UnsafeMutableRawPointer, _ byteCount: Int) {
    parallel(byteCount, grain: Grain.copy * 4, unit: 64) {
      memcpy(destination + $0.lowerBound, source + $0.lowerBound, $0.count)
    }
  }
}

// MARK: - Helpers for all operations

/// The number of elements per thread below which no additional thread is used.
enum Grain {
  /// One load and one store per element.
  static let copy = 32768
  /// Simple arithmetic.
  static let simple = 16384
  /// Tens of operations per element: exponentials, random numbers.
  static let heavy = 4096
}

/// The element count above which a result is written with non-temporal stores, because no cache would hold it until it
/// is read.
private let streamedCount = 1 << 22

extension CPUBackend {
  /// Whether kernels that support it should write a result of this size with non-temporal stores.
  func streams(_ count: Int) -> Bool { count >= streamedCount }

  func unsupported(_ operation: String, _ dtype: DType) -> BackendError {
    .unsupported(operation: operation, dtype: dtype, device: identifier)
  }

  /// Calls `body` with ranges that cover `0..<count`, on several threads if each gets at least `grain` elements. Ranges
  /// start at multiples of `unit`.
  func parallel(_ count: Int, grain: Int, unit: Int = 16, _ body: (Range<Int>) -> Void) {
    let pieces = pieces(count / max(grain, 1))
    guard pieces > 1 else {
      if count > 0 { body(0..<count) }
      return
    }
    let units = count.dividedRoundingUp(by: unit)
    pool.run(pieces) { piece in
      let first = piece * units / pieces * unit
      let end = min((piece + 1) * units / pieces * unit, count)
      if first < end { body(first..<end) }
    }
  }

  /// The number of pieces for work that can be divided into up to `possible` pieces: one per thread, or several per
  /// thread if there are plenty, so that one delayed thread does not delay all others.
  func pieces(_ possible: Int) -> Int {
    let threads = pool.threadCount
    if threads == 1 { return 1 }
    if possible >= 4 * threads { return 4 * threads }
    return max(1, min(possible, threads))
  }
}
