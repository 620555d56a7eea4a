#if OpenCL
internal import HostSystem
internal import COpenCL

/// The loader's entry points, opened on first use.
enum OpenCLLibrary {
  /// The function table, or an error with the reason why it is not available.
  static func functions() throws -> NNOpenCLFunctions {
    guard let table = nn_opencl_functions() else {
      throw OpenCLError.noLoader(reason: String(cString: nn_opencl_load_error()))
    }
    return table.pointee
  }

  /// The name of a status code in the headers, for messages.
  static func name(of status: cl_int) -> String {
    statusNames[status].map { "\($0) (\(status))" } ?? "status \(status)"
  }

  /// The status codes that drivers return in practice.
  private static let statusNames: [cl_int: String] = [
    -1: "CL_DEVICE_NOT_FOUND", -2: "CL_DEVICE_NOT_AVAILABLE", -3: "CL_COMPILER_NOT_AVAILABLE",
    -4: "CL_MEM_OBJECT_ALLOCATION_FAILURE", -5: "CL_OUT_OF_RESOURCES", -6: "CL_OUT_OF_HOST_MEMORY",
    -11: "CL_BUILD_PROGRAM_FAILURE", -14: "CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST", -30: "CL_INVALID_VALUE",
    -33: "CL_INVALID_DEVICE", -34: "CL_INVALID_CONTEXT", -36: "CL_INVALID_COMMAND_QUEUE", -38: "CL_INVALID_MEM_OBJECT",
    -42: "CL_INVALID_BINARY", -43: "CL_INVALID_BUILD_OPTIONS", -44: "CL_INVALID_PROGRAM",
    -45: "CL_INVALID_PROGRAM_EXECUTABLE", -46: "CL_INVALID_KERNEL_NAME", -48: "CL_INVALID_KERNEL",
    -49: "CL_INVALID_ARG_INDEX", -50: "CL_INVALID_ARG_VALUE", -51: "CL_INVALID_ARG_SIZE", -52: "CL_INVALID_KERNEL_ARGS",
    -53: "CL_INVALID_WORK_DIMENSION", -54: "CL_INVALID_WORK_GROUP_SIZE", -55: "CL_INVALID_WORK_ITEM_SIZE",
    -61: "CL_INVALID_BUFFER_SIZE", -63: "CL_INVALID_GLOBAL_WORK_SIZE", -1001: "CL_PLATFORM_NOT_FOUND_KHR",
  ]
}

/// A driver library registered with the loader, and the result of trying it.
public struct OpenCLVendor: Sendable, Hashable, CustomStringConvertible {
  /// The registration: a file in the vendors' folder, or the variable `OCL_ICD_VENDORS`.
  public let source: String
  /// The name or path of the library, as registered.
  public let library: String
  /// The reason why the library provides no platform; nil if it provides one.
  public let failure: String?

  /// For example, "/etc/OpenCL/vendors/nvidia.icd: libnvidia-opencl.so.1 works".
  public var description: String { "\(source): \(library.isEmpty ? "" : library + " ")\(failure ?? "works")" }
}

/// The locations where the loader searches for drivers, and the results. This repeats the queries of the loader, so it
/// takes as long as listing the devices.
///
/// ```swift
/// print(OpenCLVendors.tried())   // OpenCL drivers of /etc/OpenCL/vendors: pocl.icd: libpocl.so.2.9.0 works
/// ```
public struct OpenCLVendors: Sendable, Hashable, CustomStringConvertible {
  /// The folder, file, or library that the loader searches.
  public let place: String
  /// Each registered library, in the order of the file names.
  public let vendors: [OpenCLVendor]
  /// Drivers on this machine that are not registered with the loader.
  public let unlisted: [String]

  /// A one-sentence description, for errors.
  public var description: String {
    let found = vendors.isEmpty ? "none" : vendors.map(\.description).joined(separator: "; ")
    let hint = unlisted.first.map { "; \($0) is there: OCL_ICD_VENDORS=\($0) names it to the loader" } ?? ""
    return "OpenCL drivers of \(place): \(found)\(hint)"
  }

  /// The file of the loader's entry points; nil if there is no loader.
  public static var loader: String? { nn_opencl_loader_path().map { String(cString: $0) } }

  /// Searches the same locations as the loader: `OCL_ICD_VENDORS`, which is a folder, a file, or a library; or else
  /// `OPENCL_VENDOR_PATH`; or else /etc/OpenCL/vendors.
  public static func tried() -> OpenCLVendors {
    let folder = environment("OPENCL_VENDOR_PATH") ?? "/etc/OpenCL/vendors"
    let place = environment("OCL_ICD_VENDORS") ?? folder
    let vendors: [OpenCLVendor] =
      if let names = files(in: place) {
        names.map { vendor(file: place + (place.hasSuffix("/") ? "" : "/") + $0) }
      } else if place.hasSuffix(".icd") {
        [vendor(file: place.contains("/") ? place : "\(folder)/\(place)")]
      } else if place == folder {
        []
      } else {
        [vendor(library: place, namedBy: "OCL_ICD_VENDORS")]
      }
    return OpenCLVendors(place: place, vendors: vendors, unlisted: unlisted(nextTo: vendors))
  }

  /// The `.icd` files of a folder, sorted; nil if it is not a folder.
  private static func files(in folder: String) -> [String]? {
    names(inFolder: folder)?.filter { $0.hasSuffix(".icd") }
  }

  private static func vendor(file: String) -> OpenCLVendor {
    guard let stream = fopen(file, "rb") else {
      return OpenCLVendor(source: file, library: "", failure: "cannot be read: \(String(cString: strerror(errno)))")
    }
    defer { fclose(stream) }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let line = bytes[..<fread(&bytes, 1, bytes.count, stream)].prefix { $0 != UInt8(ascii: "\n") && $0 != 0 }
    let library = String(decoding: line, as: UTF8.self)
    guard !library.isEmpty else { return OpenCLVendor(source: file, library: "", failure: "names no library") }
    return vendor(library: library, namedBy: file)
  }

  private static func vendor(library: String, namedBy source: String) -> OpenCLVendor {
    guard let reason = nn_opencl_vendor_failure(library) else {
      return OpenCLVendor(source: source, library: library, failure: nil)
    }
    defer { free(reason) }
    return OpenCLVendor(source: source, library: library, failure: "fails: \(String(cString: reason))")
  }

  /// NVIDIA's driver installs this library in containers, often without a file that registers it.
  private static func unlisted(nextTo vendors: [OpenCLVendor]) -> [String] {
    let name = "libnvidia-opencl.so.1"
    guard !vendors.contains(where: { $0.library.hasSuffix(name) }) else { return [] }
    let folders = [
      "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib", "/usr/local/nvidia/lib64",
      "/usr/local/nvidia/lib", "/usr/lib/nvidia", "/run/opengl-driver/lib", "/usr/lib/wsl/lib",
    ]
    let linker = environment("LD_LIBRARY_PATH")?.split(separator: ":").map(String.init) ?? []
    return (linker + folders).map { "\($0)/\(name)" }.filter { access($0, R_OK) == 0 }
  }
}

/// The reasons why no OpenCL device can be opened.
public enum OpenCLError: Error, Sendable, Hashable, CustomStringConvertible {
  /// `libOpenCL.so.1` could not be opened; the reason is the dynamic linker's message.
  case noLoader(reason: String)
  /// The loader found no working driver; `tried` lists the searched locations and the failures.
  case noPlatform(tried: OpenCLVendors)
  /// There is no device with this identifier; `found` lists the existing ones.
  case noDevice(identifier: String, found: [String])
  /// The device cannot run the kernels, or its driver failed to create a context or a queue.
  case unusable(device: String, reason: String)

  public var description: String {
    switch self {
    case .noLoader(let reason): "no OpenCL loader: \(reason)"
    case .noPlatform(let tried): "no OpenCL platform; \(tried)"
    case .noDevice(let identifier, let found):
      "no OpenCL device \(identifier); found: \(found.isEmpty ? "none" : found.joined(separator: ", "))"
    case .unusable(let device, let reason): "OpenCL device \(device) cannot be used: \(reason)"
    }
  }
}
#endif
