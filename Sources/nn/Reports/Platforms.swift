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

  /// The platforms in the order of their numbers.
  var found: [Platform] = []
  /// A line about each device, by identifier.
  var details: [String: String] = [:]
  /// The reason why there is no platform.
  var reason: String?
  /// The file of the loader; nil if there is none.
  var loader: String?
  /// The location that the loader searched for drivers.
  var place: String?
  /// The drivers found there, one line each.
  var vendors: [String] = []
  /// Drivers that are not registered with the loader.
  var unlisted: [String] = []

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
    result.loader = OpenCLVendors.loader
    guard result.loader != nil else { return result }
    let tried = OpenCLVendors.tried()
    result.place = tried.place
    result.vendors = tried.vendors.map { oneLine("\($0)") }
    result.unlisted = tried.unlisted
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

  /// The loader and the drivers that it tried.
  var driversJSON: JSONValue {
    [
      "loader": loader.map(JSONValue.string) ?? .null, "place": place.map(JSONValue.string) ?? .null,
      "tried": .array(vendors.map(JSONValue.string)), "unlisted": .array(unlisted.map(JSONValue.string)),
    ]
  }

  var lines: [String] {
    var lines: [String] = []
    if found.isEmpty { lines.append("OpenCL: \(reason ?? "no device")") }
    for (index, platform) in found.enumerated() {
      // "OpenCL 3.0" and the vendor's additions: its version, and sometimes build information.
      let version = platform.version.split(separator: " ").prefix(4).joined(separator: " ")
      lines.append("OpenCL platform \(index): \(platform.name), \(version)")
    }
    if let loader, let place {
      lines.append("OpenCL loader: \(loader), looks for drivers in \(place)\(vendors.isEmpty ? " and finds none" : "")")
    }
    lines += vendors.map { "OpenCL driver \($0)" }
    lines += unlisted.map { "OpenCL driver \($0) is named by no file; OCL_ICD_VENDORS=\($0) makes the loader use it" }
    return lines
  }
}
