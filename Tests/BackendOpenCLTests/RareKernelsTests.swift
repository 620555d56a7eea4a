#if OpenCL
import BackendCore
import BackendReference
import Testing

@testable import BackendOpenCL

/// Kernels that the conformance suite does not reach: bools and integers instead of the usual floats, long rows of
/// integers, and the less common activations of layers. Each call is made on the Reference backend as well.
@Suite(.serialized, .enabled(if: TestDevices.exist)) struct RareKernelsTests {
  private static let bits: [UInt8] = (0..<2400).map { UInt8($0 * $0 % 7 == 2 ? 1 : 0) }
  private static let integers: [Int32] = (0..<2400).map { Int32($0 * 7919 % 201) - 100 }

  /// Makes the call on both backends, and compares the `count` elements of its result: exactly, or within 4 ulp of the
  /// element and 32 ulp of 1, because sums of a few numbers below 8 may cancel.
  private func expectSame(
    _ device: OpenCLDevice, _ count: Int, _ dtype: DType, _ what: String,
    _ call: (any Backend, BufferSlice) throws -> Void
  ) throws {
    let found = try result(OpenCLBackend.shared(for: device), count, dtype, call)
    let expected = try result(ReferenceBackend(), count, dtype, call)
    for i in found.indices where found[i] != expected[i] {
      let allowance = 4 * Double(Float(expected[i]).ulp) + 32 * Double(Float.ulpOfOne)
      #expect(dtype == .float32 && abs(found[i] - expected[i]) <= allowance, "\(what) at \(i)")
    }
  }

  private func result(
    _ backend: any Backend, _ count: Int, _ dtype: DType, _ call: (any Backend, BufferSlice) throws -> Void
  ) throws -> [Double] {
    let y = try backend.empty(count, dtype)
    try backend.fill(y, count: count, with: 1)
    try call(backend, y)
    if dtype == .float32 { return try backend.floats(y, count: count).map(Double.init) }
    let integers = try backend.empty(count, .int32)
    try backend.cast(y, count: count, into: integers)
    return try backend.integers(integers, count: count).map(Double.init)
  }

  @Test(arguments: TestDevices.all) func bools(device: OpenCLDevice) throws {
    let bits = RareKernelsTests.bits
    for op in [ArgReductionOp.argmax, .argmin] {
      for shape in [AxisShape(outer: 100, extent: 24, inner: 1), AxisShape(outer: 2, extent: 1200, inner: 1)] {
        try expectSame(device, shape.reducedCount, .int32, "\(op)") { backend, y in
          try backend.argReduce(op, backend.upload(bits, .bool), shape, into: y)
        }
      }
    }
    for op in [ReductionOp.maximum, .minimum] {
      try expectSame(device, 2, .bool, "\(op)") { backend, y in
        try backend.reduce(
          op, backend.upload(bits, .bool), AxisShape(outer: 2, extent: 1200, inner: 1), into: y)
      }
    }
    for op in [BinaryOp.logicalAnd, .logicalOr] {
      for scalar in [0.0, 1] {
        try expectSame(device, 100, .bool, "\(op) with \(scalar)") { backend, y in
          try backend.binaryScalar(
            op, backend.upload(bits, .bool), scalar, scalarFirst: true, count: 100, into: y)
        }
      }
    }
    for descending in [false, true] {
      for (rows, columns) in [(20, 120), (1, 2400)] {
        for wantsIndices in [false, true] {
          let dtype = wantsIndices ? DType.int32 : .bool
          try expectSame(device, 2400, dtype, "sort") { backend, y in
            let other = try backend.empty(2400, wantsIndices ? .bool : .int32)
            try backend.sort(
              backend.upload(bits, .bool), rows: rows, columns: columns, descending: descending,
              values: wantsIndices ? other : y, indices: wantsIndices ? y : other)
          }
        }
      }
    }
  }

  @Test(arguments: TestDevices.all) func comparisons(device: OpenCLDevice) throws {
    let (bits, integers) = (RareKernelsTests.bits, RareKernelsTests.integers)
    let dense = Layout(dense: [40, 60])
    let turned = Layout(shape: [40, 60], strides: Strides([1, 40]))
    for op in ComparisonOp.allCases {
      for layout in [dense, turned] {
        try expectSame(device, 2400, .bool, "\(op) bool") { backend, y in
          let a = try backend.upload(bits, .bool)
          let b = try backend.upload(Array(bits.reversed()), .bool)
          try backend.compare(op, a, dense, b, layout, into: y)
        }
        try expectSame(device, 2400, .bool, "\(op) int32") { backend, y in
          let a = try backend.upload(integers)
          let b = try backend.upload(Array(integers.reversed()))
          try backend.compare(op, a, dense, b, layout, into: y)
        }
      }
      try expectSame(device, 2400, .bool, "\(op) bool with true") { backend, y in
        try backend.compareScalar(op, backend.upload(bits, .bool), 1, count: 2400, into: y)
      }
    }
  }

  @Test(arguments: TestDevices.all) func longRowsOfIntegers(device: OpenCLDevice) throws {
    let integers = RareKernelsTests.integers
    for op in [ReductionOp.sum, .maximum, .minimum, .product] {
      try expectSame(device, 2, .int32, "\(op)") { backend, y in
        let x = try backend.upload(op == .product ? integers.map { $0 | 1 } : integers)
        try backend.reduce(op, x, AxisShape(outer: 2, extent: 1200, inner: 1), into: y)
      }
    }
    try expectSame(device, 10, .int32, "scatterElements") { backend, y in
      let indices = try backend.upload(integers.map { $0 % 10 })
      try backend.scatterElements(
        .sum, backend.upload(integers), indices: indices, indexExtent: 1200, into: y,
        AxisShape(outer: 1, extent: 10, inner: 1))
    }
    try expectSame(device, 2, .float32, "mean") { backend, y in
      let x = try backend.upload(integers.map(Float.init))
      try backend.reduce(.mean, x, AxisShape(outer: 2, extent: 1200, inner: 1), into: y)
    }
  }

  @Test(arguments: TestDevices.all) func gradientsOfLayers(device: OpenCLDevice) throws {
    let (rows, units) = (5, 40)
    let (dy, saved) = (wholeNumbers(rows * units, seed: 3), wholeNumbers(rows * units, bound: 3, seed: 4))
    let ops: [UnaryOp] = [
      .leakyReLU(slope: 0.25), .elu(alpha: 0.5), UnaryOp(.silu), UnaryOp(.sigmoid), UnaryOp(.softplus), UnaryOp(.mish),
      UnaryOp(.selu), UnaryOp(.geluTanh), UnaryOp(.relu6), UnaryOp(.hardSwish), UnaryOp(.floor),
    ]
    for op in ops {
      for wantsBias in [false, true] {
        try expectSame(device, wantsBias ? units : rows * units, .float32, "\(op.kind)") { backend, y in
          let other = try backend.empty(rows * units)
          try backend.linearGradient(
            backend.upload(dy), saved: backend.upload(saved), activation: op, rows: rows, units: units,
            dz: wantsBias ? other : y, dBias: wantsBias ? y : other)
        }
      }
    }
  }
}
#endif
