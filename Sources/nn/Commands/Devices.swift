import ArgumentParser
import BackendCPU
import CommandSupport
import ModelFormats
import NeuralNetworks

/// `nn devices`.
struct Devices: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Lists the devices of this machine, and shows which one is used by default.",
    discussion: """
      nn devices
      nn devices --json

      With --json standard output is one object: devices, platforms, drivers, auto, gpu.
      """)

  @Flag(help: "Print one JSON object.")
  var json = false

  func run() throws {
    let listing = DeviceListing()
    if json { try Console.output(listing.json) } else { listing.lines.forEach { Console.output($0) } }
  }
}

/// The devices of this machine, and the devices selected by `--device auto` and `--device gpu`.
struct DeviceListing {
  private let devices = Device.available()
  private let platforms = Platforms.find()
  private let auto = Choice(.auto)
  private let gpu = Choice(.gpu)

  /// The result of a request.
  private struct Choice {
    let device: Device
    /// The reason why the request was not met; nil if it was.
    let reason: String?

    init(_ request: DeviceRequest) {
      device = (try? request.resolve(allowsFallback: true, warn: { _ in }).device) ?? .cpu
      reason = Device.bestAndReason().reason.map(oneLine)
    }
  }

  var json: JSONValue {
    [
      "devices": .array(
        devices.map { device in
          [
            "identifier": .string(device.identifier), "kind": .string(device.kind.rawValue),
            "name": .string(device.name), "details": .string(details(of: device)),
          ]
        }),
      "platforms": platforms.json,
      "drivers": platforms.driversJSON,
      "auto": [
        "identifier": .string(auto.device.identifier),
        "reason": .string(auto.reason ?? "the first GPU or accelerator"),
      ],
      "gpu": [
        "identifier": gpu.reason == nil ? .string(gpu.device.identifier) : nil,
        "fallback": gpu.reason == nil ? nil : .string(gpu.device.identifier),
        "reason": gpu.reason.map(JSONValue.string) ?? .string("the first GPU or accelerator"),
      ],
    ]
  }

  var lines: [String] {
    var table = Table(["device": .left, "kind": .left, "name": .left, "details": .left])
    for device in devices { table.add([device.identifier, device.kind.rawValue, device.name, details(of: device)]) }
    var lines = table.lines + [""] + platforms.lines
    let why = auto.reason == nil ? "the first GPU or accelerator" : "no GPU was found"
    lines.append("--device auto  uses \(auto.device.identifier): \(why)")
    lines.append(
      gpu.reason == nil
        ? "--device gpu   uses \(gpu.device.identifier)"
        : "--device gpu   warns and uses \(gpu.device.identifier); with --no-fallback it fails")
    return lines
  }

  private func details(of device: Device) -> String {
    if let cpu = device.backend as? CPUBackend {
      return "\(cpu.instructionSet.rawValue), \(cpu.threadCount) thread\(cpu.threadCount == 1 ? "" : "s")"
    }
    return platforms.details[device.identifier] ?? ""
  }
}
