import CommandSupport
import ModelFormats

/// A measured case.
struct Row {
  let name: String
  let shape: String
  let measurement: Measurement
  /// Billions of operations a second, where operations are what the case does.
  let gflops: Double?
  /// Billions of bytes a second, where bytes are what the case moves.
  let gbps: Double?
  /// Of the peak that limits the case; nil where its operands fit in a cache, which is faster than the memory of the peak.
  let percentOfPeak: Double?

  /// Less than this may stay in a cache.
  static let largestCache = 64e6

  init(_ what: Case, _ measurement: Measurement, _ peak: Peak) {
    name = what.name
    shape = what.shape
    self.measurement = measurement
    let rate = 1e-9 / measurement.median
    switch what.work {
    case .operations(let operations, let type):
      gflops = operations * rate
      gbps = nil
      percentOfPeak = peak.gflops(of: type).map { operations * rate / $0 * 100 }
    case .bytes(let bytes):
      gflops = nil
      gbps = bytes * rate
      percentOfPeak = bytes < Self.largestCache ? nil : peak.gbps.map { bytes * rate / $0 * 100 }
    case nil:
      gflops = nil
      gbps = nil
      percentOfPeak = nil
    }
  }

  var json: JSONValue {
    [
      "name": .string(name), "shape": .string(shape), "medianMicroseconds": .number(measurement.median * 1e6),
      "minMicroseconds": .number(measurement.minimum * 1e6), "gflops": JSONValue(gflops), "gbps": JSONValue(gbps),
      "percentOfPeak": JSONValue(percentOfPeak),
    ]
  }
}

/// All that a run found.
struct Report {
  let device: ResolvedDevice
  /// Of the CPU backend; nil on another device.
  let threads: Int?
  let peak: Peak
  let rows: [Row]

  var json: JSONValue {
    [
      "device": device.json, "threads": threads.map(JSONValue.integer) ?? .null,
      "peak": [
        "gflops": JSONValue(peak.gflops), "bfloat16Gflops": JSONValue(peak.bfloat16Gflops),
        "integerGflops": JSONValue(peak.integerGflops), "gbps": JSONValue(peak.gbps),
      ],
      "results": .array(rows.map(\.json)),
    ]
  }

  /// What a person reads: a line on the machine, and a table.
  var lines: [String] {
    var table = Table([
      "operation": .left, "shape": .left, "median µs": .right, "min µs": .right, "spread": .right, "GFLOP/s": .right,
      "GB/s": .right, "of peak": .right,
    ])
    for row in rows {
      let measurement = row.measurement
      table.add([
        row.name, row.shape, (measurement.median * 1e6).short, (measurement.minimum * 1e6).short,
        "\((measurement.spread * 100).fixed(0)) %", row.gflops?.short ?? "", row.gbps?.short ?? "",
        row.percentOfPeak.map { "\($0.fixed(0)) %" } ?? "",
      ])
    }
    return [heading] + table.lines
  }

  private var heading: String {
    let threadText = threads.map { ", \($0) thread\($0 == 1 ? "" : "s")" } ?? ""
    let rates = [
      peak.gflops.map { "\($0.short) GFLOP/s" }, peak.bfloat16Gflops.map { "\($0.short) GFLOP/s of bfloat16" },
      peak.integerGflops.map { "\($0.short) GOP/s of 8-bit integers" }, peak.gbps.map { "\($0.short) GB/s" },
    ].compactMap(\.self)
    return "device \(device.text)\(threadText); peak \(rates.joined(separator: ", "))"
  }
}
