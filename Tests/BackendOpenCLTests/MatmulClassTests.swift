#if OpenCL
import BackendCore
import BackendReference
import Testing

@testable import BackendOpenCL

/// The table row for a product, without a device.
@Suite struct MatmulBorderTests {
  struct Border: Sendable, CustomTestStringConvertible {
    let m, n, k: Int
    let expected: MatmulClass

    init(_ m: Int, _ n: Int, _ k: Int, _ expected: MatmulClass) {
      (self.m, self.n, self.k, self.expected) = (m, n, k, expected)
    }
    var shape: MatmulShape { MatmulShape(m: m, n: n, k: k) }
    var testDescription: String { "\(m)x\(n)x\(k)" }

    static let all = [
      // Products with few rows are in the class of rows, regardless of other extents.
      Border(1, 1, 1, .row), Border(1, 128, 784, .row), Border(4, 1000, 50, .row), Border(4, 8192, 8192, .row),
      Border(5, 8192, 8192, .thin),
      Border(5, 1, 1, .small),
      // Products with few columns are thin if they have enough work.
      Border(64, 64, 64, .small), Border(64, 64, 65, .thin), Border(64, 65, 64, .thin), Border(65, 64, 64, .thin),
      Border(64, 8192, 8192, .thin), Border(8192, 64, 8192, .thin), Border(65, 65, 64, .small),
      Border(65, 8192, 8192, .large),
      // All others are classified by their work.
      Border(192, 192, 192, .small), Border(192, 192, 193, .medium), Border(192, 193, 192, .medium),
      Border(768, 768, 768, .medium), Border(768, 768, 769, .large), Border(769, 768, 768, .large),
      Border(3072, 3072, 3072, .large), Border(3072, 3073, 3072, .huge), Border(3073, 3072, 3072, .huge),
      Border(8192, 8192, 8192, .huge),
    ]
  }

  @Test(arguments: Border.all) func aShapeHasItsClass(border: Border) {
    #expect(MatmulClass(border.shape) == border.expected)
  }

  @Test func everyClassHasBorders() { #expect(Set(Border.all.map(\.expected)) == Set(MatmulClass.allCases)) }

  /// A device is tuned for a class with products that belong to that class.
  @Test(arguments: MatmulClass.allCases) func examplesBelongToTheirClass(what: MatmulClass) {
    #expect(!what.examples.isEmpty)
    for example in what.examples { #expect(MatmulClass(example) == what, "\(example)") }
  }

  @Test func everyClassIsTuned() {
    #expect(MatmulTuner.classes == ["row", "thin", "small", "medium", "large", "huge"])
  }
}

/// Each row of a table is used, and tuned, for the products that belong to it.
@Suite(.serialized, .enabled(if: TestDevices.exist)) struct MatmulClassTests {
  private static let panels = MatmulPanel.all.map(MatmulVariant.panels)

  /// No two classes have the same variant; rotating moves each variant to the next class.
  private func table(turnedBy turns: Int) -> MatmulTable {
    MatmulTable { what in
      let index = MatmulClass.allCases.firstIndex(of: what)!
      return MatmulChoice(variant: MatmulClassTests.panels[(index + turns) % MatmulClass.allCases.count])
    }
  }

  private func backend(_ device: OpenCLDevice, _ table: MatmulTable) throws -> OpenCLBackend {
    var options = OpenCLOptions(for: device)
    options.matmulTable = table
    return try OpenCLBackend(device, options, functions: WatchedDriver.functions)
  }

  /// The options of the only kernel that a product launches. The device computes nothing.
  private func launch(_ shape: MatmulShape, on backend: OpenCLBackend) throws -> String? {
    WatchedDriver.watch(runs: false)
    let c = try backend.empty(shape.m * shape.n)
    let (a, b) = (try backend.empty(shape.m * shape.k), try backend.empty(shape.k * shape.n))
    try backend.matmul(a, b, shape, alpha: 1, beta: 0, into: c)
    #expect(WatchedDriver.launches.count == 1)
    return WatchedDriver.launches.first
  }

  @Test(arguments: TestDevices.all, [0, 1]) func theTableSaysWhatRuns(device: OpenCLDevice, turns: Int) throws {
    let table = table(turnedBy: turns)
    let backend = try backend(device, table)
    let borders = MatmulBorderTests.Border.all.filter { $0.n > 1 && max($0.m, $0.n, $0.k) < 4096 }
    #expect(Set(borders.map(\.expected)) == Set(MatmulClass.allCases))
    for border in borders {
      let options = try launch(border.shape, on: backend)
      let expected = table[border.expected].variant
      #expect(options?.contains(expected.definitions) == true, "\(border.testDescription): \(options ?? "nothing")")
    }
    // A column is computed as a row.
    let column = try launch(MatmulShape(m: 300, n: 1, k: 40), on: backend)
    #expect(column?.contains(table[.row].variant.definitions) == true)
  }

  /// With the clock of a driver on which one variant takes half the time of the others, tuning stores that variant in
  /// the table, for this class only, and products of the class then use it.
  @Test(arguments: TestDevices.all, MatmulClass.allCases)
  func tuningAClassChangesItsProducts(device: OpenCLDevice, what: MatmulClass) throws {
    let favorite =
      device.kind == .cpu
      ? MatmulVariant.panels(MatmulPanel(rows: 6, vectors: 2, depth: 256, packs: true)) : .tiles(MatmulTile.all[1])
    let shipped = MatmulTable.shipped(for: device)
    try #require(shipped[what].variant != favorite)
    let tuner = try MatmulTuner(
      device, OpenCLOptions(for: device), functions: WatchedDriver.functions, seconds: WatchedDriver.seconds)
    WatchedDriver.watch(favorite: favorite.definitions)
    let finding = try tuner.tune(what, examples: [MatmulShape(m: 40, n: 70, k: 33)])
    #expect(finding.name == what.rawValue && finding.refused.isEmpty)
    #expect(finding.best.hasPrefix(favorite.description) && finding.shipped.hasPrefix("\(shipped[what].variant)"))
    #expect(finding.bestGflops == 2 * finding.shippedGflops)
    for other in MatmulClass.allCases {
      #expect((tuner.table[other] == shipped[other]) == (other != what), "\(other)")
    }
    let border = try #require(MatmulBorderTests.Border.all.first { $0.expected == what && max($0.m, $0.n) > 16 })
    // The smallest tile fits a row better.
    guard device.kind == .cpu || what != .row else { return }
    let options = try launch(border.shape, on: backend(device, tuner.table))
    #expect(options?.contains(favorite.definitions) == true, "\(options ?? "nothing")")
  }

  /// If nothing is faster, nothing changes.
  @Test(arguments: TestDevices.all, [MatmulClass.row, .large, .huge])
  func theShippedOneWinsADraw(device: OpenCLDevice, what: MatmulClass) throws {
    let tuner = try MatmulTuner(
      device, OpenCLOptions(for: device), functions: WatchedDriver.functions, seconds: WatchedDriver.seconds)
    WatchedDriver.watch()
    let finding = try tuner.tune(what, examples: [MatmulShape(m: 40, n: 70, k: 33)])
    #expect(finding.best == finding.shipped && finding.bestGflops == finding.shippedGflops)
    #expect(tuner.table == MatmulTable.shipped(for: device))
  }

  /// A product of each class with the shipped table; three rows of it are compared with the Reference backend.
  @Test(
    arguments: TestDevices.all,
    [(4, 1000, 999), (33, 1000, 999), (190, 192, 191), (400, 399, 401), (769, 770, 771), (3073, 3072, 3073)])
  func productsOfEveryClassAreExact(device: OpenCLDevice, extents: (m: Int, n: Int, k: Int)) throws {
    let (m, n, k) = extents
    let backend = try OpenCLBackend.shared(for: device)
    // A short repeated sequence whose length does not equal any extent.
    func numbers(_ count: Int, _ seed: UInt64) -> [Float] {
      let sequence = wholeNumbers(10_007, seed: seed)
      return (0..<count).map { sequence[$0 % 10_007] }
    }
    let (a, b) = (numbers(m * k, 1), numbers(k * n, 2))
    let c = try backend.empty(m * n)
    try backend.matmul(backend.upload(a), backend.upload(b), MatmulShape(m: m, n: n, k: k), alpha: 1, beta: 0, into: c)
    let found = try backend.floats(c, count: m * n)
    let reference = ReferenceBackend()
    let right = try reference.upload(b)
    for row in [0, m / 2, m - 1] {
      let line = try reference.empty(n)
      try reference.matmul(
        reference.upload(Array(a[row * k..<(row + 1) * k])), right, MatmulShape(m: 1, n: n, k: k), alpha: 1, beta: 0,
        into: line)
      #expect(try reference.floats(line, count: n) == Array(found[row * n..<(row + 1) * n]), "row \(row)")
    }
  }
}
#endif
