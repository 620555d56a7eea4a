#if OpenCL
public import BackendCore
internal import COpenCL

/// A device offered by an OpenCL driver. Listing devices does not create a context.
///
/// ```swift
/// for device in try OpenCLDevice.available() { print(device.identifier, device.name) }   // opencl:0:0 NVIDIA H200
/// let backend = try OpenCLBackend.shared(for: OpenCLDevice.named("opencl:0:0"))
/// ```
public struct OpenCLDevice: Sendable, Hashable, CustomStringConvertible {
  /// The index of the device's platform in the loader's list.
  public let platformIndex: Int
  /// The index of the device in the list of all devices of its platform.
  public let deviceIndex: Int
  public let name: String
  public let vendor: String
  public let kind: DeviceKind
  public let platformName: String
  public let platformVersion: String
  public let driverVersion: String
  public let deviceVersion: String
  /// The size of the device's memory in bytes.
  public let memoryBytes: Int
  /// The size of the largest possible buffer in bytes.
  public let largestBufferBytes: Int
  public let computeUnits: Int
  /// The local memory per work group in bytes.
  public let localMemoryBytes: Int
  let largestWorkGroup: Int
  /// The number of floats in a vector register, as reported by the driver.
  let nativeVectorWidth: Int
  let hasCorrectlyRoundedDivision: Bool
  /// Whether kernels can use `double` (the extension `cl_khr_fp64`).
  let hasDoubles: Bool
  /// Whether kernels can add products of packed bytes (the extension `cl_khr_integer_dot_product`).
  let hasDotProducts: Bool
  /// The compute capability of an NVIDIA device, times 10 (90 for 9.0); 0 for other devices.
  let computeCapability: Int
  let handle: OpenCLDeviceHandle

  /// The identifier, "opencl:P:D".
  public var identifier: String { "opencl:\(platformIndex):\(deviceIndex)" }
  public var description: String { "\(identifier) \(name)" }

  /// Returns all usable devices of all platforms, in the loader's order. Platforms and devices that do not answer
  /// queries, and devices without a compiler, are omitted.
  /// - Throws: `OpenCLError.noLoader` or `.noPlatform`.
  public static func available() throws -> [OpenCLDevice] { try available(OpenCLLibrary.functions()) }

  static func available(_ cl: NNOpenCLFunctions) throws -> [OpenCLDevice] {
    var count: cl_uint = 0
    // Without a driver, loaders return CL_PLATFORM_NOT_FOUND_KHR instead of a count of 0.
    guard cl.clGetPlatformIDs(0, nil, &count) == CL_SUCCESS, count > 0 else {
      throw OpenCLError.noPlatform(tried: .tried())
    }
    var platforms = [cl_platform_id?](repeating: nil, count: Int(count))
    guard cl.clGetPlatformIDs(count, &platforms, nil) == CL_SUCCESS else {
      throw OpenCLError.noPlatform(tried: .tried())
    }
    var result: [OpenCLDevice] = []
    for (platformIndex, platform) in platforms.enumerated() {
      guard let platform else { continue }
      for (deviceIndex, device) in devices(of: platform, cl).enumerated() {
        guard let device else { continue }
        let found = OpenCLDevice(
          OpenCLDeviceHandle(platform: platform, device: device), platformIndex: platformIndex,
          deviceIndex: deviceIndex, cl)
        if let found { result.append(found) }
      }
    }
    return result
  }

  /// Returns the device with the given identifier, "opencl:P:D".
  /// - Throws: `OpenCLError`.
  public static func named(_ identifier: String) throws -> OpenCLDevice {
    let found = try available()
    guard let device = found.first(where: { $0.identifier == identifier }) else {
      throw OpenCLError.noDevice(identifier: identifier, found: found.map(\.description))
    }
    return device
  }

  private static func devices(of platform: cl_platform_id, _ cl: NNOpenCLFunctions) -> [cl_device_id?] {
    let all = cl_device_type(CL_DEVICE_TYPE_ALL)
    var count: cl_uint = 0
    guard cl.clGetDeviceIDs(platform, all, 0, nil, &count) == CL_SUCCESS, count > 0 else { return [] }
    var devices = [cl_device_id?](repeating: nil, count: Int(count))
    guard cl.clGetDeviceIDs(platform, all, count, &devices, nil) == CL_SUCCESS else { return [] }
    return devices
  }
}

/// The driver's handles for a device. They are valid until the process ends.
struct OpenCLDeviceHandle: @unchecked Sendable, Hashable {
  let platform: cl_platform_id
  let device: cl_device_id
}

extension OpenCLDevice {
  /// Queries the device; nil if it does not answer or cannot compile.
  init?(_ handle: OpenCLDeviceHandle, platformIndex: Int, deviceIndex: Int, _ cl: NNOpenCLFunctions) {
    let info = OpenCLDeviceInfo(handle: handle, cl: cl)
    guard let name = info.string(CL_DEVICE_NAME), let memory: cl_ulong = info.value(CL_DEVICE_GLOBAL_MEM_SIZE),
      let largest: cl_ulong = info.value(CL_DEVICE_MAX_MEM_ALLOC_SIZE), memory > 0,
      let type: cl_device_type = info.value(CL_DEVICE_TYPE), let kind = DeviceKind(type),
      info.value(CL_DEVICE_AVAILABLE) == cl_bool(CL_TRUE),
      info.value(CL_DEVICE_COMPILER_AVAILABLE) == cl_bool(CL_TRUE),
      info.value(CL_DEVICE_ENDIAN_LITTLE) == cl_bool(CL_TRUE)
    else { return nil }
    let config: cl_device_fp_config = info.value(CL_DEVICE_SINGLE_FP_CONFIG) ?? 0
    let units: cl_uint = info.value(CL_DEVICE_MAX_COMPUTE_UNITS) ?? 1
    let workGroup: Int = info.value(CL_DEVICE_MAX_WORK_GROUP_SIZE) ?? 1
    let vector: cl_uint = info.value(CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT) ?? 1
    let local: cl_ulong = info.value(CL_DEVICE_LOCAL_MEM_SIZE) ?? 0
    self.platformIndex = platformIndex
    self.deviceIndex = deviceIndex
    self.name = name
    self.kind = kind
    self.handle = handle
    vendor = info.string(CL_DEVICE_VENDOR) ?? ""
    platformName = info.platformString(CL_PLATFORM_NAME) ?? ""
    platformVersion = info.platformString(CL_PLATFORM_VERSION) ?? ""
    driverVersion = info.string(CL_DRIVER_VERSION) ?? ""
    deviceVersion = info.string(CL_DEVICE_VERSION) ?? ""
    memoryBytes = Int(clamping: memory)
    largestBufferBytes = Int(clamping: largest)
    computeUnits = Int(units)
    localMemoryBytes = Int(clamping: local)
    largestWorkGroup = workGroup
    nativeVectorWidth = Int(vector)
    let extensions = info.string(CL_DEVICE_EXTENSIONS)?.split(separator: " ") ?? []
    hasDoubles = extensions.contains("cl_khr_fp64")
    hasDotProducts = extensions.contains("cl_khr_integer_dot_product")
    computeCapability = extensions.contains("cl_nv_device_attribute_query") ? info.computeCapability : 0
    hasCorrectlyRoundedDivision = config & cl_device_fp_config(CL_FP_CORRECTLY_ROUNDED_DIVIDE_SQRT) != 0
  }
}

extension DeviceKind {
  fileprivate init?(_ type: cl_device_type) {
    if type & cl_device_type(CL_DEVICE_TYPE_GPU) != 0 {
      self = .gpu
    } else if type & cl_device_type(CL_DEVICE_TYPE_ACCELERATOR) != 0 {
      self = .accelerator
    } else if type & cl_device_type(CL_DEVICE_TYPE_CPU) != 0 {
      self = .cpu
    } else {
      return nil
    }
  }
}

/// Queries for one device.
private struct OpenCLDeviceInfo {
  let handle: OpenCLDeviceHandle
  let cl: NNOpenCLFunctions

  func value<Value: BitwiseCopyable & FixedWidthInteger>(_ key: Int32) -> Value? {
    var value: Value = 0
    let size = MemoryLayout<Value>.size
    guard cl.clGetDeviceInfo(handle.device, cl_device_info(key), size, &value, nil) == CL_SUCCESS else { return nil }
    return value
  }

  /// From the extension `cl_nv_device_attribute_query`, whose keys are not in `cl.h`.
  var computeCapability: Int {
    let (major, minor): (cl_uint?, cl_uint?) = (value(0x4000), value(0x4001))
    return Int(major ?? 0) * 10 + Int(minor ?? 0)
  }

  func string(_ key: Int32) -> String? {
    text { cl.clGetDeviceInfo(handle.device, cl_device_info(key), $0, $1, $2) }
  }

  func platformString(_ key: Int32) -> String? {
    text { cl.clGetPlatformInfo(handle.platform, cl_platform_info(key), $0, $1, $2) }
  }

  /// A text of unknown length: its length is queried first. Some drivers pad names with blanks.
  private func text(
    _ query: (Int, UnsafeMutableRawPointer?, UnsafeMutablePointer<Int>?) -> cl_int
  ) -> String? {
    var length = 0
    guard query(0, nil, &length) == CL_SUCCESS else { return nil }
    var bytes = [UInt8](repeating: 0, count: length)
    guard bytes.withUnsafeMutableBytes({ query(length, $0.baseAddress, nil) }) == CL_SUCCESS else { return nil }
    var words = bytes.prefix { $0 != 0 }
    while words.last == UInt8(ascii: " ") { words.removeLast() }
    return String(decoding: words.drop { $0 == UInt8(ascii: " ") }, as: UTF8.self)
  }
}
#endif
