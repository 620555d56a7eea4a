import HostSystem
import ModelFormats
import Testing

@Suite("Devices and reports")
struct DeviceCommandTests {
  @Test func devicesAreListed() throws {
    let report = try Command.nn("devices", "--json").json
    #expect(report.keys == ["devices", "platforms", "drivers", "auto", "gpu"])
    let devices = report["devices"]?.elements ?? []
    #expect(devices.contains { $0["identifier"]?.string == "cpu" && $0["kind"]?.string == "cpu" })
    let chosen = report["auto"]?["identifier"]?.string
    #expect(devices.contains { $0["identifier"]?.string == chosen })
    let text = try Command.nn("devices")
    #expect(text.status == 0 && text.error.isEmpty)
    #expect(text.output.contains("cpu") && text.output.contains("--device auto"))
  }

  @Test func missingDevicesAreErrors() throws {
    expectFault(
      try Command.nn("train", "--dataset", "xor", "--device", "opencl:99:0"), 3, "opencl:99:0", "found")
    let hasGPU = try Command.nn("devices", "--json").json["gpu"]?["identifier"]?.string != nil
    guard !hasGPU else { return }
    expectFault(try Command.nn("train", "--dataset", "xor", "--device", "gpu", "--no-fallback"), 3, "gpu")
    let replaced = try Command.nn(
      "train", "--json", "--dataset", "xor", "--limit", "64", "--epochs", "1", "--device", "gpu")
    #expect(replaced.status == 0)
    #expect(replaced.errorLines.count { $0.hasPrefix("WARNING") } == 1)
    let device = try replaced.json["device"]
    #expect(device?["requested"]?.string == "gpu")
    #expect(device?["used"]?.string.map { $0 == "cpu" || $0.hasPrefix("opencl:") } == true)
  }

  @Test func summaries() throws {
    let network = try Command.nn("summary", "--json", "--hidden", "5,5,5", "--input-shape", "3", "--classes", "2").json
    #expect(network.keys == ["layers", "parameters"])
    #expect(network["parameters"]?.number == 92)
    let layers = network["layers"]?.elements ?? []
    #expect(layers.count == 4)
    #expect(layers.compactMap { $0["parameters"]?.number }.reduce(0, +) == 92)
    #expect(try Command.nn("summary").output.contains("101"))
  }
}
