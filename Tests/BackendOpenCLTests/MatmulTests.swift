#if OpenCL
import BackendCore
import BackendReference
import Testing

@testable import BackendOpenCL

/// Compares every method for products, at the edges of its tiles and panels, with the Reference backend. Most numbers
/// are integers, so that every sum is exact in any order.
@Suite(.serialized, .enabled(if: TestDevices.exist)) struct MatmulTests {
  /// The epilogue is the same code in all variants of a family.
  private static let oneOfEachKind = [
    MatmulVariant.tiles(MatmulTile.all[2]), .panels(MatmulPanel.all[0]), .panels(MatmulPanel.all[6]), .rows,
  ]
  private static let transpositions = [(false, false), (true, false), (false, true), (true, true)]

  private func backend(_ device: OpenCLDevice, _ variant: MatmulVariant, groups: Int) throws -> OpenCLBackend {
    var options = OpenCLOptions(for: device)
    options.matmulTable = MatmulTable(variant, groups: groups)
    // PoCL optimizes the tiles for GPUs for minutes on CPUs without AVX-512. `Scripts/test-opencl groups` runs them
    // optimized.
    if variant.family == .matmul, device.kind == .cpu { options.compilerOptions = " -cl-opt-disable" }
    return try OpenCLBackend(device, options)
  }

  /// Undivided, and for tiles also divided along k.
  @Test(arguments: TestDevices.all, MatmulVariant.all) func isExact(device: OpenCLDevice, variant: MatmulVariant) throws
  {
    // The last product has whole, aligned tiles with remaining terms, in addition to others.
    let shapes = [(1, 31, 17), (17, 1, 33), (33, 65, 300), (31, 130, 7), (257, 129, 9), (264, 136, 36), (64, 64, 300)]
    for groups in variant.isCut ? [1, 400] : [1] {
      let backend = try backend(device, variant, groups: groups)
      for (m, n, k) in shapes {
        for (transposesA, transposesB) in MatmulTests.transpositions {
          let shape = MatmulShape(m: m, n: n, k: k, transposesA: transposesA, transposesB: transposesB)
          try expectExact(shape, on: backend)
        }
      }
      #expect(backend.kernelsRun.contains("matmulReduce") == (groups > 1))
    }
  }

  /// Small enough for a simulator that checks every access.
  @Test(arguments: TestDevices.all, MatmulVariant.all)
  func smallProducts(device: OpenCLDevice, variant: MatmulVariant) throws {
    let backend = try backend(device, variant, groups: variant.isCut ? 4 : 1)
    for (transposesA, transposesB) in MatmulTests.transpositions {
      for (m, n, k) in [(3, 5, 7), (13, 34, 18)] {
        let shape = MatmulShape(m: m, n: n, k: k, transposesA: transposesA, transposesB: transposesB)
        try expectExact(shape, on: backend, offset: 1)
      }
    }
    try expectExact(MatmulShape(m: 4, n: 6, k: 260), on: backend, alpha: 2, beta: -1)
  }

  /// Factors, offsets of the operands, and batches with every kind of stride.
  @Test(arguments: TestDevices.all, MatmulVariant.all)
  func followsFactorsOffsetsAndStrides(device: OpenCLDevice, variant: MatmulVariant) throws {
    let backend = try backend(device, variant, groups: variant.isCut ? 8 : 1)
    let (m, n, k) = (19, 35, 270)
    for (strideA, strideB) in [(m * k, k * n), (0, k * n), (m * k + 3, 0)] {
      for (alpha, beta) in [(1.0, 0.0), (0.5, 2), (-2, 1)] {
        let shape = MatmulShape(
          batch: 3, m: m, n: n, k: k, transposesA: strideA == 0, transposesB: strideB == 0, strideA: strideA,
          strideB: strideB)
        try expectExact(shape, on: backend, alpha: alpha, beta: beta, offset: 5)
      }
    }
    try expectExact(MatmulShape(batch: 2, m: 40, n: 1, k: 33, strideA: 40 * 33, strideB: 33), on: backend, offset: 1)
    // Operands that could be read as aligned vectors, in one batch or in all, and operands that could not.
    let odd = MatmulShape(batch: 2, m: 256, n: 128, k: 20, strideA: 256 * 20 + 1, strideB: 20 * 128 + 4)
    try expectExact(odd, on: backend)
    for offset in [4, 6] { try expectExact(MatmulShape(m: 256, n: 128, k: 20), on: backend, beta: 1, offset: offset) }
  }

  private func expectExact(
    _ shape: MatmulShape, on backend: OpenCLBackend, alpha: Double = 1, beta: Double = 0, offset: Int = 0
  ) throws {
    let a = wholeNumbers(offset + (shape.batch - 1) * shape.strideA + shape.m * shape.k, seed: 1)
    let b = wholeNumbers(offset + (shape.batch - 1) * shape.strideB + shape.k * shape.n, seed: 2)
    let count = shape.batch * shape.m * shape.n
    // With beta = 0, C must not be read.
    let before = beta == 0 ? [Float](repeating: .nan, count: offset + count) : wholeNumbers(offset + count, seed: 3)
    let found = try MatmulTests.product(a, b, before, shape, alpha, beta, offset, on: backend)
    let expected = try MatmulTests.product(a, b, before, shape, alpha, beta, offset, on: ReferenceBackend())
    #expect(found == expected, "\(shape), alpha \(alpha), beta \(beta)")
  }

  private static func product(
    _ a: [Float], _ b: [Float], _ before: [Float], _ shape: MatmulShape, _ alpha: Double, _ beta: Double,
    _ offset: Int, on backend: some Backend
  ) throws -> [Float] {
    func at(_ slice: BufferSlice) -> BufferSlice { BufferSlice(slice.buffer, offset: offset) }
    let c = at(try backend.upload(before))
    try backend.matmul(at(backend.upload(a)), at(backend.upload(b)), shape, alpha: alpha, beta: beta, into: c)
    return try backend.floats(c, count: before.count - offset)
  }

  /// Bias and activation after an undivided and a divided product; the value before the activation is kept.
  @Test(arguments: TestDevices.all, oneOfEachKind)
  func activationsFollowTheSum(device: OpenCLDevice, variant: MatmulVariant) throws {
    let ops: [UnaryOp?] = [nil, .relu, .leakyReLU(slope: 0.1), .elu(alpha: 0.5), UnaryOp(.gelu), UnaryOp(.sin)]
    for groups in variant.isCut ? [1, 128] : [1] {
      let backend = try backend(device, variant, groups: groups)
      for (rows, units) in [(33, 37), (68, 64)] {
        for op in ops { try expectActivation(op, rows: rows, units: units, on: backend) }
      }
      try expectActivation(.relu, rows: 33, units: 1, on: backend)
    }
  }

  private func expectActivation(_ op: UnaryOp?, rows: Int, units: Int, on backend: OpenCLBackend) throws {
    let inputs = 400
    let x = try backend.upload(wholeNumbers(rows * inputs, bound: 1, seed: 3))
    let w = try backend.upload(wholeNumbers(inputs * units, bound: 1, seed: 4))
    // In addition to aligned operands, one that is not aligned.
    let bias = try backend.upload(wholeNumbers(units + 1, bound: 3, seed: 5)).advanced(by: rows % 2 == 0 ? 1 : 0)
    let (y, pre) = (try backend.empty(rows * units), try backend.empty(rows * units))
    try backend.linear(
      x, w, bias: bias, rows: rows, inputs: inputs, units: units, activation: op, into: y, preActivation: pre)
    let z = try backend.empty(rows * units)
    try backend.matmul(x, w, MatmulShape(m: rows, n: units, k: inputs), alpha: 1, beta: 0, into: z)
    let shape: Shape = [rows, units]
    try backend.binary(.add, z, Layout(dense: shape), bias, Layout(broadcasting: [units], to: shape), into: z)
    #expect(try backend.floats(pre, count: rows * units) == backend.floats(z, count: rows * units))
    if let op { try backend.unary(op, z, count: rows * units, into: z) }
    let (found, expected) = (try backend.floats(y, count: rows * units), try backend.floats(z, count: rows * units))
    for i in found.indices {
      #expect(abs(found[i] - expected[i]) <= 4 * expected[i].ulp, "\(String(describing: op)) at \(i)")
    }
  }

  /// The portable form of products on tensor cores; the kernels around it are those of tiles.
  @Test(arguments: TestDevices.all) func fragments(device: OpenCLDevice) throws {
    let tiles = MatmulTile.fragments
    for groups in [1, 32] {
      let backend = try backend(device, .fragments(tiles[0], .portable), groups: groups)
      try expectExact(MatmulShape(m: 70, n: 67, k: 270), on: backend, alpha: 2, beta: -1, offset: 1)
      #expect(backend.kernelsRun.contains("matmulReduce") == (groups > 1))
    }
    let backend = try backend(device, .fragments(tiles[2], .portable), groups: 1)
    // Whole tiles and others.
    try expectExact(MatmulShape(m: 136, n: 128, k: 20, transposesA: true, transposesB: true), on: backend)
    try expectActivation(.relu, rows: 65, units: 66, on: backend)
  }

  /// 64-bit positions give the same numbers.
  @Test(arguments: TestDevices.all) func widePositions(device: OpenCLDevice) throws {
    for variant in MatmulTests.oneOfEachKind {
      var options = OpenCLOptions(for: device)
      options.usesWidePositions = true
      options.matmulTable = MatmulTable(variant)
      try expectExact(MatmulShape(m: 33, n: 65, k: 300, transposesB: true), on: OpenCLBackend(device, options))
    }
  }
}

/// Plans, without a device.
@Suite struct MatmulPlanTests {
  private let shapes = [(32, 128, 784), (1, 1, 100_000), (4096, 4096, 4096), (128, 10, 32), (33, 1000, 129), (5, 5, 0)]

  @Test func tilesCoverC() {
    for groups in [1, 128] {
      for (m, n, k) in shapes {
        let choice = MatmulChoice(variant: .tiles(MatmulTile.all[4]), groups: groups)
        let plan = MatmulPlan(MatmulShape(m: m, n: n, k: k), choice, computeUnits: 2)
        guard case .tiles(let tile) = plan.variant else {
          Issue.record("\(plan)")
          continue
        }
        #expect(plan.slice % tile.depth == 0)
        #expect(plan.slice * plan.slices >= k)
        #expect(plan.slice * (plan.slices - 1) < max(k, 1))
        #expect(plan.groups.x * tile.rows * tile.columns >= m * n)
        #expect(plan.groups.z == plan.slices)
        if groups == 1 { #expect(plan.slices == 1) }
      }
    }
  }

  @Test func manyGroupsTakeSmallTilesAndCutK() {
    func plan(_ m: Int, _ n: Int, _ k: Int, largest: Int) -> MatmulPlan {
      let choice = MatmulChoice(variant: .tiles(MatmulTile.all[largest]), groups: 128)
      return MatmulPlan(MatmulShape(m: m, n: n, k: k), choice, computeUnits: 2)
    }
    #expect(plan(4096, 4096, 4096, largest: 5).variant == .tiles(MatmulTile.all[5]))
    #expect(plan(4096, 4096, 4096, largest: 2).variant == .tiles(MatmulTile.all[2]))
    #expect(plan(32, 128, 784, largest: 4).slices > 1)
    #expect(plan(20, 20, 8, largest: 4).variant == .tiles(MatmulTile.all[0]))
  }

  @Test func smallProductsTakeSmallFragments() {
    for (m, n, index) in [(9, 9, 0), (32, 300, 0), (33, 33, 1), (64, 300, 1), (65, 65, 2), (300, 300, 2)] {
      let choice = MatmulChoice(variant: .fragments(MatmulTile.fragments[2], .ptx), groups: 1)
      let plan = MatmulPlan(MatmulShape(m: m, n: n, k: 9), choice, computeUnits: 2)
      let tile = MatmulTile.fragments[index]
      #expect(plan.variant == .fragments(tile, .ptx) && plan.slice == 16)
      #expect(plan.groups.x == ((m - 1) / tile.rows + 1) * ((n - 1) / tile.columns + 1))
    }
  }

  @Test func panelsCoverC() {
    for units in [1, 2, 64] {
      for panel in MatmulPanel.all {
        for (m, n, k) in shapes {
          let plan = MatmulPlan(
            MatmulShape(m: m, n: n, k: k), MatmulChoice(variant: .panels(panel)), computeUnits: units)
          #expect(plan.slice % panel.rows == 0)
          #expect(plan.groups.x * panel.columns >= n)
          #expect(plan.groups.y * plan.slice >= m && (plan.groups.y - 1) * plan.slice < m)
          #expect(plan.groups.items == 1 && plan.slices == 1)
        }
      }
    }
  }

  @Test func everyVariantHasANameOfItsOwn() {
    let all = MatmulVariant.all + MatmulVariant.tensorCores
    for variant in all { #expect(MatmulVariant(variant.description) == variant) }
    #expect(Set(all.map(\.definitions)).count == all.count)
    #expect(MatmulVariant("tiles 3x3x3") == nil)
    // No table contains a method that is only for tests.
    #expect(MatmulVariant("\(MatmulVariant.fragments(MatmulTile.fragments[0], .portable))") == nil)
  }
}

extension MatmulVariant {
  /// Divided along k if more groups are needed.
  fileprivate var isCut: Bool { family != .matmulPanels }
}
#endif
