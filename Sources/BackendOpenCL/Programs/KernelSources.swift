#if OpenCL
internal import HostSystem
internal import BackendCore
internal import Files
internal import OpenCLKernels

/// The source text of the kernels: embedded in the binary, or read from a folder during development.
package struct KernelSources: Sendable {
  /// The folder of the `.cl` files; nil for the embedded ones.
  let directory: String?

  /// The sources in the folder named by `NN_KERNELS_DIR`, or the embedded ones.
  static var fromEnvironment: KernelSources {
    KernelSources(
      directory: setting("NN_KERNELS_DIR", expected: "a folder", otherwise: "using the kernels inside the program") {
        Folder.isFolder($0) ? $0 : nil
      })
  }

  /// Whether CPUs run the kernels for GPUs (`NN_OPENCL_KERNELS=groups`), for tests.
  static var areForGroups: Bool {
    let isSet = setting("NN_OPENCL_KERNELS", expected: "\"groups\"", otherwise: "using the kernels for the device") {
      $0 == "groups" ? true : nil
    }
    return isSet ?? false
  }

  /// Prints a line on standard error for each invalid environment variable of this backend.
  package static func checkEnvironment() { _ = (fromEnvironment, areForGroups) }

  /// The complete source of a family's program.
  func source(of family: KernelFamily) throws -> [UInt8] {
    try family.files.reduce(into: KernelConstants.source) { try $0 += text($1, for: family) }
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
    do { return try FileReader.read(path, limit: 1 << 24) } catch {
      throw BackendError.kernelBuild(program: family.rawValue, log: "\(path): \(error.reason)")
    }
  }
}
#endif
