import HostSystem
import BackendCore
import CommandSupport
import ModelFormats
import NeuralNetworks

#if OpenCL
import BackendOpenCL
#endif

/// What a training step of the default model makes an OpenCL device do: each kind of command with its time, as the device
/// itself tells.
struct Profile {
  let device: ResolvedDevice
  let title: String
  /// Of one step: seconds by the clock, with the wait for the device, and with profiling on, which slows launches down.
  let seconds: Double
  /// What one step takes of the thread that asks for it, the driver's part included, without profiling.
  let hostSeconds: Double
  let rows: [ProfileRow]
  let steps: Int

  /// Seconds of one step that the device spent on commands.
  var busySeconds: Double { rows.reduce(0) { $0 + $1.seconds } / Double(steps) }
  /// Kernels put into the queue by one step.
  var launches: Double { rows.filter(\.isKernel).reduce(0) { $0 + Double($1.launches) } / Double(steps) }
}

/// All commands of one name, over all steps.
struct ProfileRow {
  let name: String
  let launches: Int
  let seconds: Double
  let bytes: Int

  var gbps: Double? { seconds > 0 ? Double(bytes) / seconds * 1e-9 : nil }
  /// False for uploads, downloads and copies.
  var isKernel: Bool { !["upload", "download", "copy"].contains(name) }
}

extension Profile {
  /// Trains for a while on batches that come from the host, as in `fit`.
  static func measure(on device: ResolvedDevice, batch: Int, quick: Bool) throws -> Profile {
    #if OpenCL
    guard let backend = device.device.backend as? OpenCLBackend else {
      throw Failure.usage("--profile times the kernels of an OpenCL device, which \(device.text) is not")
    }
    let profiled = try OpenCLBackend.profiled(backend.device)
    let step = try Case.makeStep(Device(profiled))
    let examples = Case.makeBatch(batch, .cpu)
    let steps = quick ? 5 : 50
    // Building kernels and filling the allocator do not count.
    for _ in 0..<3 { _ = try step(examples) }
    _ = try profiled.takeProfile()
    let start = monotonicSeconds()
    for _ in 0..<steps { _ = try step(examples) }
    try profiled.synchronize()
    let seconds = (monotonicSeconds() - start) / Double(steps)
    let rows = try profiled.takeProfile().map {
      ProfileRow(name: $0.name, launches: $0.launches, seconds: $0.seconds, bytes: $0.bytes)
    }
    return Profile(
      device: device, title: "training step \(Case.shapeOfModel) batch \(batch)", seconds: seconds,
      hostSeconds: try hostSeconds(on: device.device, examples, steps: steps), rows: rows, steps: steps)
    #else
    throw Failure.usage("--profile needs the OpenCL trait")
    #endif
  }

  #if OpenCL
  /// The device has finished a step before the next is asked for: a full queue would be waited for.
  private static func hostSeconds(on device: Device, _ examples: Batch, steps: Int) throws -> Double {
    let step = try Case.makeStep(device)
    for _ in 0..<3 { _ = try step(examples) }
    var total = 0.0
    for _ in 0..<steps {
      try device.synchronize()
      let start = threadSeconds()
      _ = try step(examples)
      total += threadSeconds() - start
    }
    return total / Double(steps)
  }
  #endif

  var json: JSONValue {
    let kernels = rows.map { row -> JSONValue in
      [
        "name": .string(row.name), "launchesPerStep": .number(Double(row.launches) / Double(steps)),
        "microsecondsPerStep": .number(row.seconds / Double(steps) * 1e6),
        "bytesPerStep": .number(Double(row.bytes) / Double(steps)), "gbps": JSONValue(row.gbps),
      ]
    }
    return [
      "device": device.json, "name": .string(title), "microseconds": .number(seconds * 1e6),
      "busyMicroseconds": .number(busySeconds * 1e6), "hostMicroseconds": .number(hostSeconds * 1e6),
      "launches": .number(launches), "commands": .array(kernels),
    ]
  }

  /// What a person reads.
  var lines: [String] {
    var table = Table([
      "command": .left, "launches": .right, "µs": .right, "share": .right, "kB": .right, "GB/s": .right,
    ])
    for row in rows {
      table.add([
        row.name, (Double(row.launches) / Double(steps)).short, (row.seconds / Double(steps) * 1e6).short,
        "\((row.seconds / Double(steps) / busySeconds * 100).fixed(0)) %",
        (Double(row.bytes) / Double(steps) * 1e-3).short, row.gbps?.short ?? "",
      ])
    }
    return [
      "device \(device.text); \(title), of one step: \(launches.short) kernels, "
        + "\((busySeconds * 1e6).short) µs on the device, \((seconds * 1e6).short) µs by the clock; "
        + "\((hostSeconds * 1e6).short) µs of the host without profiling"
    ] + table.lines
  }
}
