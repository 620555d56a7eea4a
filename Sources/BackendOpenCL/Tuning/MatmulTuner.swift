#if OpenCL
internal import BackendCore
internal import COpenCL

/// Finds the fastest method for the products of each class on a device. Only candidates with correct results count.
package final class MatmulTuner {
  /// The result for a class of products.
  package struct Finding: Sendable {
    /// The name of the class: "row", "thin", …
    package let name: String
    /// The fastest method, and the method of the shipped table.
    package let best, shipped: String
    /// Billions of operations per second on the examples of the class, as a geometric mean; 0 for incorrect results.
    package let bestGflops, shippedGflops: Double
    /// Candidates that failed or gave incorrect results.
    package let refused: [String]
  }

  let backend: OpenCLBackend
  private let seconds: () -> Double
  private(set) var table: MatmulTable
  /// Whether products on tensor cores are among the candidates.
  package private(set) lazy var tensorCores = findTensorCores()

  /// Creates a tuner.
  /// - Parameter seconds: A monotonic clock.
  package convenience init(_ device: OpenCLDevice, seconds: @escaping () -> Double) throws {
    try self.init(device, OpenCLOptions(for: device), seconds: seconds)
  }

  init(
    _ device: OpenCLDevice, _ options: OpenCLOptions, functions: NNOpenCLFunctions? = nil,
    seconds: @escaping () -> Double
  ) throws {
    backend = try OpenCLBackend(device, options, functions: functions)
    self.seconds = seconds
    table = MatmulTable.shipped(for: device)
  }

  /// The classes, in tuning order.
  package static var classes: [String] { MatmulClass.allCases.map(\.rawValue) }

  /// Tries the candidates of one class and stores the fastest in the table. If no candidate is correct, the shipped
  /// method is kept.
  package func tune(_ name: String) throws -> Finding {
    guard let what = MatmulClass(rawValue: name) else { fatalError("no class of products is called \(name)") }
    return try tune(what)
  }

  /// Stores the table for the next start.
  /// - Returns: The path; nil if there is no cache folder or it cannot be written.
  package func store() -> String? {
    guard let folder = CacheFolder.fromEnvironment() else { return nil }
    let file = MatmulTableFile(backend.device, folder: folder, sources: backend.options.sources)
    return file.store(table) ? "\(folder.path)/\(file.name)" : nil
  }

  /// Tries candidates for a class.
  /// - Parameter examples: Replacements for the examples of the class.
  func tune(_ what: MatmulClass, candidates: [MatmulChoice]? = nil, examples: [MatmulShape]? = nil) throws -> Finding {
    let shipped = MatmulTable.shipped(for: backend.device)[what]
    let examples = try (examples ?? what.examples).map { try Example($0, on: backend) }
    var rates: [MatmulChoice: Double] = [:]
    var refused: [String] = []
    for choice in [shipped] + (candidates ?? self.candidates(what)) where rates[choice] == nil {
      guard isRight(choice, examples) else {
        rates[choice] = 0
        refused.append("\(choice.variant)")
        continue
      }
      rates[choice] = try rate(choice, examples)
    }
    // In a tie, the shipped method wins.
    let best = rates.max { ($0.value, $0.key == shipped ? 1 : 0) < ($1.value, $1.key == shipped ? 1 : 0) }!
    if best.value > 0 { table[what] = best.key }
    return Finding(
      name: what.rawValue, best: text(table[what]), shipped: text(shipped), bestGflops: best.value,
      shippedGflops: rates[shipped]!, refused: refused)
  }

  private func text(_ choice: MatmulChoice) -> String {
    if case .panels = choice.variant { return "\(choice.variant)" }
    return "\(choice.variant), \(choice.groups) groups"
  }

  private func candidates(_ what: MatmulClass) -> [MatmulChoice] {
    if backend.device.kind == .cpu {
      return MatmulPanel.all.filter { $0.packs || what == .row || what == .thin }
        .map { MatmulChoice(variant: .panels($0)) }
    }
    let variants =
      MatmulTile.all.map(MatmulVariant.tiles) + (what == .row ? [.rows] : [])
      + (tensorCores == .proved ? MatmulVariant.tensorCores : [])
    return variants.flatMap { variant in
      [1, 64, 128, 256, 512].map { MatmulChoice(variant: variant, groups: $0) }
    }
  }
}

// MARK: Correctness

extension MatmulTuner {
  /// Whether the candidate exactly computes small products with edges in all transpositions, and samples of every
  /// example.
  private func isRight(_ choice: MatmulChoice, _ examples: [Example]) -> Bool {
    let small = [(false, false), (false, true), (true, false), (true, true)].map { transposesA, transposesB in
      MatmulShape(m: 37, n: 67, k: 300, transposesA: transposesA, transposesB: transposesB)
    }
    do {
      for shape in small {
        let example = try Example(shape, on: backend)
        try example.run(choice, on: backend)
        guard try example.isExact(on: backend, samples: shape.m * shape.n) else { return false }
      }
      for example in examples {
        try example.run(choice, on: backend)
        guard try example.isExact(on: backend, samples: 64) else { return false }
      }
      return true
    } catch {
      // A candidate that fails to build or run is rejected.
      return false
    }
  }

  private func rate(_ choice: MatmulChoice, _ examples: [Example]) throws -> Double {
    var product = 1.0
    for example in examples { product *= example.operations / (try bestSeconds(choice, example)) * 1e-9 }
    return rootOf(product, examples.count)
  }

  /// The shortest time of several runs. A run takes a few milliseconds, so that the wait at its end has little
  /// influence.
  private func bestSeconds(_ choice: MatmulChoice, _ example: Example) throws -> Double {
    func run(_ calls: Int) throws -> Double {
      let start = seconds()
      for _ in 0..<calls { try example.run(choice, on: backend) }
      try backend.synchronize()
      return (seconds() - start) / Double(calls)
    }
    var best = try run(1)
    let calls = min(max(Int(0.005 / max(best, 1e-7)), 1), 1000)
    let end = seconds() + 0.2
    var runs = 0
    repeat {
      best = min(best, try run(calls))
      runs += 1
    } while runs < 3 || (runs < 20 && seconds() < end)
    return best
  }

  /// The root of a positive number, by Newton's method.
  private func rootOf(_ number: Double, _ degree: Int) -> Double {
    var root = max(number, 1)
    for _ in 0..<200 {
      var power = 1.0
      for _ in 1..<degree { power *= root }
      root += (number / power - root) / Double(degree)
    }
    return root
  }
}

/// A product of integers, whose sums are exact in float32.
private struct Example {
  let shape: MatmulShape
  private let a, b: [Float]
  private let left, right, result: BufferSlice

  init(_ shape: MatmulShape, on backend: OpenCLBackend) throws {
    self.shape = shape
    a = Example.wholeNumbers(shape.m * shape.k, 37, 101)
    b = Example.wholeNumbers(shape.k * shape.n, 41, 103)
    left = try Example.upload(a, backend)
    right = try Example.upload(b, backend)
    result = BufferSlice(try backend.allocate(count: shape.m * shape.n, dtype: .float32))
  }

  var operations: Double { 2 * Double(shape.m) * Double(shape.n) * Double(shape.k) }

  func run(_ choice: MatmulChoice, on backend: OpenCLBackend) throws {
    try backend.matmul(left, right, shape, choice: choice, into: result)
  }

  /// Compares `samples` elements, distributed over the result, with sums computed on the host.
  func isExact(on backend: OpenCLBackend, samples: Int) throws -> Bool {
    let count = shape.m * shape.n
    var found = [Float](repeating: .nan, count: count)
    try found.withUnsafeMutableBytes { try backend.download(result, into: $0) }
    return (0..<samples).allSatisfy { sample in
      let at = samples == count ? sample : (sample * (count / samples) + sample * 7) % count
      let (i, j) = (at / shape.n, at % shape.n)
      var sum: Float = 0
      for p in 0..<shape.k {
        sum +=
          a[shape.transposesA ? p * shape.m + i : i * shape.k + p]
          * b[shape.transposesB ? j * shape.k + p : p * shape.n + j]
      }
      return found[at] == sum
    }
  }

  /// Integers in ±8, from a sequence with a long period.
  private static func wholeNumbers(_ count: Int, _ factor: Int, _ period: Int) -> [Float] {
    (0..<count).map { Float(($0 * factor % period + $0 / period) % 17 - 8) }
  }

  private static func upload(_ numbers: [Float], _ backend: OpenCLBackend) throws -> BufferSlice {
    let slice = BufferSlice(try backend.allocate(count: numbers.count, dtype: .float32))
    try numbers.withUnsafeBytes { try backend.upload($0, into: slice) }
    return slice
  }
}
#endif
