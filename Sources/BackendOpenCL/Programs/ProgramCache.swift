#if OpenCL
internal import BackendCore
internal import COpenCL
import Synchronization

/// The programs of a device, each built on first use. Different programs are built concurrently on the threads that
/// request them.
final class ProgramCache: Sendable {
  struct Program: @unchecked Sendable {
    let handle: cl_program
  }

  /// The entry of a program. The thread that builds the program holds its lock, so only threads that need the same
  /// program wait.
  private final class Place: Sendable {
    let program = Mutex<Program?>(nil)
  }

  private let context: OpenCLContext
  private let sources: KernelSources
  private let binaries: ProgramBinaries?
  private let places = Mutex<[ProgramName: Place]>([:])
  /// The programs that the compiler refused when `builds` asked.
  private let refused = Mutex<Set<ProgramName>>([])
  /// Definitions for all programs.
  private let definitions: String

  init(_ context: OpenCLContext, sources: KernelSources, binaries: ProgramBinaries?, definitions: String = "") {
    self.context = context
    self.sources = sources
    self.binaries = binaries
    self.definitions = definitions
  }

  /// Creates a new, separate kernel object, owned by the caller.
  /// - Throws: `BackendError.kernelBuild` with the compiler's log.
  func kernel(_ name: KernelName) throws -> cl_kernel {
    let program = try program(name.program)
    var status: cl_int = 0
    let kernel = context.cl.clCreateKernel(program.handle, name.function, &status)
    guard let kernel, status == CL_SUCCESS else {
      throw failure(name.program.description, "no kernel \(name.function): \(OpenCLLibrary.name(of: status))")
    }
    var largest = 0
    let key = cl_kernel_work_group_info(CL_KERNEL_WORK_GROUP_SIZE)
    status = context.cl.clGetKernelWorkGroupInfo(
      kernel, context.device.handle.device, key, MemoryLayout<Int>.size, &largest, nil)
    guard status == CL_SUCCESS, largest >= WorkGroup.size else {
      _ = context.cl.clReleaseKernel(kernel)
      throw failure(
        name.program.description, "kernel \(name.function) runs in groups of at most \(largest) items on this device")
    }
    return kernel
  }

  /// Returns the program with the given name, and builds it if necessary.
  func program(_ name: ProgramName) throws -> Program {
    let place = places.withLock { places in
      if let place = places[name] { return place }
      let place = Place()
      places[name] = place
      return place
    }
    return try place.program.withLock { program in
      if let program { return program }
      let built = Program(handle: try build(name))
      program = built
      return built
    }
  }

  /// Returns whether the compiler accepts a program with an extension that the device lists.
  func builds(_ name: ProgramName) throws -> Bool {
    if refused.withLock({ $0.contains(name) }) { return false }
    do {
      _ = try program(name)
      return true
    } catch BackendError.kernelBuild {
      refused.withLock { _ = $0.insert(name) }
      return false
    }
  }

  private func build(_ name: ProgramName) throws -> cl_program {
    let source = try sources.source(of: name.family)
    let options = options(for: name)
    if let binary = binaries?.load(source: source, options: options), let program = program(from: binary, options) {
      return program
    }
    let program = try compile(source, options, describedAs: name.description)
    if let binaries, let binary = binary(of: program) { binaries.store(binary, source: source, options: options) }
    return program
  }

  /// Builds a user-defined program, without the compiler options of this package and without the disk cache, and
  /// creates one of its kernel objects.
  /// - Throws: `BackendError.kernelBuild` with the compiler's log.
  func customKernel(source: String, name: String) throws -> (program: cl_program, kernel: cl_kernel) {
    let program = try compile(
      Array(source.utf8), "-cl-std=CL1.2 -cl-kernel-arg-info", describedAs: name)
    var status: cl_int = 0
    let kernel = context.cl.clCreateKernel(program, name, &status)
    guard let kernel, status == CL_SUCCESS else {
      _ = context.cl.clReleaseProgram(program)
      throw failure(name, "no kernel \(name): \(OpenCLLibrary.name(of: status))")
    }
    return (program, kernel)
  }

  /// The options for the compiler.
  func options(for name: ProgramName) -> String {
    // The extension for dot products is one of OpenCL C 3.0.
    var options = name.usesDotProducts ? "-cl-std=CL3.0" : "-cl-std=CL1.2"
    // Only devices that support this option accept it.
    if context.device.hasCorrectlyRoundedDivision { options += " -cl-fp32-correctly-rounded-divide-sqrt" }
    return options + definitions + name.definitions
  }

  private func compile(_ source: [UInt8], _ options: String, describedAs name: String) throws -> cl_program {
    let cl = context.cl
    var status: cl_int = 0
    let created = source.withUnsafeBytes { bytes in
      var text = bytes.bindMemory(to: CChar.self).baseAddress
      var length = bytes.count
      return cl.clCreateProgramWithSource(context.context, 1, &text, &length, &status)
    }
    guard let program = created, status == CL_SUCCESS else {
      throw failure(name, "clCreateProgramWithSource: \(OpenCLLibrary.name(of: status))")
    }
    var device: cl_device_id? = context.device.handle.device
    status = cl.clBuildProgram(program, 1, &device, options, nil, nil)
    guard status == CL_SUCCESS else {
      let log = log(of: program)
      _ = cl.clReleaseProgram(program)
      throw failure(name, "\(OpenCLLibrary.name(of: status)), options \(options)\n\(log)")
    }
    return program
  }

  private func failure(_ name: String, _ log: String) -> BackendError {
    .kernelBuild(program: "\(name) on \(context.device) (driver \(context.device.driverVersion))", log: log)
  }

  /// The compiler's log, of any length.
  private func log(of program: cl_program) -> String {
    let key = cl_program_build_info(CL_PROGRAM_BUILD_LOG)
    let device = context.device.handle.device
    var length = 0
    guard context.cl.clGetProgramBuildInfo(program, device, key, 0, nil, &length) == CL_SUCCESS, length > 0 else {
      return ""
    }
    var bytes = [UInt8](repeating: 0, count: length)
    guard context.cl.clGetProgramBuildInfo(program, device, key, length, &bytes, nil) == CL_SUCCESS else { return "" }
    return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }
}

// MARK: Binaries

extension ProgramCache {
  /// Creates a program from a stored binary; nil if the driver rejects it.
  private func program(from binary: [UInt8], _ options: String) -> cl_program? {
    let cl = context.cl
    var device: cl_device_id? = context.device.handle.device
    var (status, binaryStatus): (cl_int, cl_int) = (0, 0)
    let created = binary.withUnsafeBufferPointer { bytes in
      var length = bytes.count
      var start = bytes.baseAddress
      return cl.clCreateProgramWithBinary(context.context, 1, &device, &length, &start, &binaryStatus, &status)
    }
    guard let program = created, status == CL_SUCCESS, binaryStatus == CL_SUCCESS,
      cl.clBuildProgram(program, 1, &device, options, nil, nil) == CL_SUCCESS
    else {
      if let created { _ = cl.clReleaseProgram(created) }
      return nil
    }
    return program
  }

  /// The driver's binary of a program for this device; nil if it is not available.
  private func binary(of program: cl_program) -> [UInt8]? {
    let cl = context.cl
    var length = 0
    let sizeKey = cl_program_info(CL_PROGRAM_BINARY_SIZES)
    guard cl.clGetProgramInfo(program, sizeKey, MemoryLayout<Int>.size, &length, nil) == CL_SUCCESS, length > 0 else {
      return nil
    }
    var bytes = [UInt8](repeating: 0, count: length)
    let status = bytes.withUnsafeMutableBufferPointer { bytes in
      var start = bytes.baseAddress
      let size = MemoryLayout<UnsafeMutablePointer<UInt8>?>.size
      return cl.clGetProgramInfo(program, cl_program_info(CL_PROGRAM_BINARIES), size, &start, nil)
    }
    return status == CL_SUCCESS ? bytes : nil
  }
}

/// Compiled programs on disk, so that a second start does not compile anything. A failure to read or write one is never
/// an error: the program is then built from source.
///
/// A file contains a header, the length and hash of the binary, and the binary. Its name is a hash of all inputs of the
/// binary. It is moved into place by renaming it.
struct ProgramBinaries: Sendable {
  /// The magic ends with the version of the format.
  private static let magic: [UInt8] = Array("swift-nn CL 1\n".utf8)
  private static let largest = 1 << 30
  private let folder: CacheFolder
  private let deviceKey: String

  /// The user's cache folder; nil if it is unknown.
  static func directoryFromEnvironment() -> String? { CacheFolder.fromEnvironment()?.path }

  /// Whether storing binaries helps. It does not for PoCL, which has its own cache and compiles every kernel of a
  /// program when the binary is requested.
  static func helps(_ device: OpenCLDevice) -> Bool { device.platformName != "Portable Computing Language" }

  init(directory: String, device: OpenCLDevice) {
    folder = CacheFolder(path: directory)
    deviceKey = device.cacheKey
  }

  /// The stored binary; nil if there is none or it is damaged.
  func load(source: [UInt8], options: String) -> [UInt8]? {
    let headerLength = ProgramBinaries.magic.count + 16
    guard let content = folder.read(name(source, options), limit: ProgramBinaries.largest),
      content.count > headerLength, content.starts(with: ProgramBinaries.magic)
    else { return nil }
    let binary = Array(content[headerLength...])
    guard integer(content, at: ProgramBinaries.magic.count) == UInt64(binary.count),
      integer(content, at: ProgramBinaries.magic.count + 8) == CacheFolder.hash(binary)
    else { return nil }
    return binary
  }

  /// Stores a binary for the next start.
  func store(_ binary: [UInt8], source: [UInt8], options: String) {
    let header = ProgramBinaries.magic + bytes(UInt64(binary.count)) + bytes(CacheFolder.hash(binary))
    folder.store(header + binary, as: name(source, options))
  }

  private func name(_ source: [UInt8], _ options: String) -> String {
    let key = Array((deviceKey + "\n" + options + "\n").utf8)
    // Two hashes in different orders give 128 bits.
    return [key + source, source + key].map { CacheFolder.digits(CacheFolder.hash($0)) }.joined() + ".clbin"
  }

  private func bytes(_ number: UInt64) -> [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) } }

  private func integer(_ bytes: [UInt8], at start: Int) -> UInt64 {
    (0..<8).reduce(0) { $0 | UInt64(bytes[start + $1]) << (8 * UInt64($1)) }
  }
}
#endif
