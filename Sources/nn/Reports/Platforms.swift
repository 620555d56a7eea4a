import CommandSupport
import ModelFormats

#if OpenCL
import BackendOpenCL
#endif

/// The OpenCL drivers of this machine.
struct Platforms {
  struct Platform {
    let name: String
    let version: String
  }

  /// In the order of their numbers.
  var found: [Platform] = []
  /// A line on each device, by identifier.
  var details: [String: String] = [:]
  /// Why there is none.
  var reason: String?

  #if OpenCL
  static func find() -> Platforms {
    var result = Platforms()
    do {
      for device in try OpenCLDevice.available() {
        while result.found.count <= device.platformIndex { result.found.append(Platform(name: "", version: "")) }
        result.found[device.platformIndex] = Platform(name: device.platformName, version: device.platformVersion)
        let gigabytes = (Double(device.memoryBytes) / Double(1 << 30)).short
        result.details[device.identifier] =
          "\(device.computeUnits) units, \(gigabytes) GiB, driver \(device.driverVersion)"
      }
    } catch {
      result.reason = oneLine("\(error)")
    }
    return result
  }
  #else
  static func find() -> Platforms {
    Platforms(reason: "built without the OpenCL trait")
  }
  #endif

  var json: JSONValue {
    .array(found.map { ["name": .string($0.name), "version": .string($0.version)] })
  }

  var lines: [String] {
    if let reason { return ["OpenCL: \(reason)"] }
    return found.enumerated().map { index, platform in
      // "OpenCL 3.0" and what the vendor adds: its version, and sometimes how it was built.
      "OpenCL platform \(index): \(platform.name), \(platform.version.split(separator: " ").prefix(4).joined(separator: " "))"
    }
  }
}
