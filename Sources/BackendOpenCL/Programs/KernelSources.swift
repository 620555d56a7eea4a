#if OpenCL
internal import BackendCore
internal import OpenCLKernels

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The text of the kernels: embedded in the binary, or read from a folder while they are being worked on.
struct KernelSources: Sendable {
  /// The folder of the `.cl` files; nil for the embedded ones.
  let directory: String?

  /// The folder named by `NN_KERNELS_DIR`, if there is one.
  static var fromEnvironment: KernelSources {
    KernelSources(directory: getenv("NN_KERNELS_DIR").map { String(cString: $0) })
  }

  /// True when processors are to run what GPUs do: `NN_OPENCL_KERNELS=groups`, for tests.
  static var areForGroups: Bool { getenv("NN_OPENCL_KERNELS").map { String(cString: $0) } == "groups" }

  /// The whole source of a family's program.
  func source(of family: KernelFamily) throws -> [UInt8] {
    try family.files.flatMap { try text($0, for: family) }
  }

  func text(_ name: String, for family: KernelFamily) throws -> [UInt8] {
    if let directory { return try read("\(directory)/\(name).cl", for: family) }
    for index in 0..<nn_kernel_source_count() {
      let source = nn_kernel_source(index)
      if String(cString: source.name) == name {
        return [UInt8](UnsafeBufferPointer(start: source.bytes, count: source.length))
      }
    }
    fatalError("no kernels called \(name) are embedded")
  }

  private func read(_ path: String, for family: KernelFamily) throws -> [UInt8] {
    guard let file = fopen(path, "rb") else {
      throw BackendError.kernelBuild(program: family.rawValue, log: "\(path): \(String(cString: strerror(errno)))")
    }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = fread(&chunk, 1, chunk.count, file)
      guard count > 0 else { return bytes }
      bytes += chunk[..<count]
    }
  }
}
#endif
