#if OpenCL
import BackendCore
import Testing

@testable import BackendOpenCL

/// Every tile, the edges of every tile, and products whose k is cut into stretches. The numbers are whole, so that every sum
/// is exact whatever its order.
@Suite(.serialized, .enabled(if: TestDevices.exist)) struct MatmulTests {
  private static let edges = [1, 15, 16, 17, 31, 33, 63, 65, 127, 130]

  /// With one work group wanted the largest tile that fits is taken; with many, k is cut and tiles are small.
  @Test(arguments: TestDevices.all, [1, 128]) func isExact(device: OpenCLDevice, groups: Int) throws {
    var options = OpenCLOptions(for: device)
    options.matmulGroups = groups
    let backend = try OpenCLBackend(device, options)
    for m in MatmulTests.edges {
      for (transposesA, transposesB) in [(false, false), (true, false), (false, true), (true, true)] {
        let n = MatmulTests.edges[(m * 7 + (transposesA ? 3 : 0) + (transposesB ? 1 : 0)) % MatmulTests.edges.count]
        for k in [1, 17, 300] {
          let shape = MatmulShape(m: m, n: n, k: k, transposesA: transposesA, transposesB: transposesB)
          try expectExact(shape, on: backend)
        }
      }
    }
    if groups == 1 {
      try expectExact(MatmulShape(m: 130, n: 129, k: 40), on: backend)
    } else {
      #expect(backend.kernelsRun.contains("matmulJoin"))
    }
  }

  private func expectExact(_ shape: MatmulShape, on backend: OpenCLBackend) throws {
    let a = wholeNumbers(shape.m * shape.k, seed: 1)
    let b = wholeNumbers(shape.k * shape.n, seed: 2)
    var expected = [Float](repeating: 0, count: shape.m * shape.n)
    for i in 0..<shape.m {
      for p in 0..<shape.k {
        let left = a[shape.transposesA ? p * shape.m + i : i * shape.k + p]
        for j in 0..<shape.n {
          expected[i * shape.n + j] += left * b[shape.transposesB ? j * shape.k + p : p * shape.n + j]
        }
      }
    }
    let c = try backend.empty(expected.count)
    try backend.matmul(backend.upload(a), backend.upload(b), shape, alpha: 1, beta: 0, into: c)
    #expect(try backend.floats(c, count: expected.count) == expected, "\(shape)")
  }

  @Test func plansCoverKAndDependOnTheShapeAlone() {
    for groups in [1, 128] {
      for (m, n, k) in [(32, 128, 784), (1, 1, 100_000), (4096, 4096, 4096), (128, 10, 32), (33, 1000, 129), (5, 5, 0)]
      {
        let plan = MatmulPlan(MatmulShape(m: m, n: n, k: k), groups: groups)
        #expect(plan.stretch % plan.tile.depth == 0)
        #expect(plan.stretch * plan.stretches >= k)
        #expect(plan.stretch * (plan.stretches - 1) < max(k, 1))
        #expect(plan.tiles == ((m + plan.tile.edge - 1) / plan.tile.edge) * ((n + plan.tile.edge - 1) / plan.tile.edge))
        if groups == 1 { #expect(plan.stretches == 1) }
      }
    }
    #expect(MatmulPlan(MatmulShape(m: 4096, n: 4096, k: 4096), groups: 128).tile == .edge128)
    #expect(MatmulPlan(MatmulShape(m: 32, n: 128, k: 784), groups: 128).stretches > 1)
  }

  /// Bias and activation after a product in one piece and in several; the value before the activation is kept.
  @Test(arguments: TestDevices.all, [1, 128]) func activationsFollowTheSum(device: OpenCLDevice, groups: Int) throws {
    var options = OpenCLOptions(for: device)
    options.matmulGroups = groups
    let backend = try OpenCLBackend(device, options)
    let (rows, inputs, units) = (33, 400, 20)
    let x = try backend.upload(wholeNumbers(rows * inputs, bound: 1, seed: 3))
    let w = try backend.upload(wholeNumbers(inputs * units, bound: 1, seed: 4))
    let bias = try backend.upload(wholeNumbers(units, bound: 3, seed: 5))
    let ops: [UnaryOp?] = [nil, .relu, .leakyReLU(slope: 0.1), .elu(alpha: 0.5), UnaryOp(.gelu), UnaryOp(.sin)]
    for op in ops {
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
  }
}
#endif
