#if OpenCL
import BackendCore
import Testing

@testable import BackendOpenCL

/// Lines that are long enough for several work groups to share one.
@Suite(.serialized, .enabled(if: TestDevices.exist)) struct LongRowsTests {
  @Test(arguments: TestDevices.all) func sortsBeyondLocalMemory(device: OpenCLDevice) throws {
    let backend = try OpenCLBackend.shared(for: device)
    let (rows, columns) = (3, 5000)
    var numbers = wholeNumbers(rows * columns, bound: 300)
    for i in stride(from: 0, to: numbers.count, by: 611) { numbers[i] = .nan }
    let x = try backend.upload(numbers)
    for descending in [false, true] {
      let (values, indices) = (try backend.empty(rows * columns), try backend.empty(rows * columns, .int32))
      try backend.sort(x, rows: rows, columns: columns, descending: descending, values: values, indices: indices)
      let (found, order) = (
        try backend.floats(values, count: rows * columns), try backend.integers(indices, count: rows * columns)
      )
      for row in 0..<rows {
        let line = Array(numbers[row * columns..<(row + 1) * columns])
        // The standard library's sort is stable; NaN is greater than every number.
        let expected = line.indices.sorted { a, b in
          let (first, second) = descending ? (line[b], line[a]) : (line[a], line[b])
          return second.isNaN ? !first.isNaN : first < second
        }
        #expect(order[row * columns..<(row + 1) * columns].map(Int.init) == expected)
        #expect((0..<columns).allSatisfy { found[row * columns + $0].bitPattern == line[expected[$0]].bitPattern })
      }
    }
  }

  @Test(arguments: TestDevices.all) func reducesInSlices(device: OpenCLDevice) throws {
    let backend = try OpenCLBackend.shared(for: device)
    let count = 100_003
    let numbers = wholeNumbers(count, bound: 2)
    let x = try backend.upload(numbers)
    let y = try backend.empty(64)
    try backend.reduce(.sum, x, AxisShape(outer: 1, extent: count, inner: 1), into: y)
    #expect(try backend.floats(y, count: 1) == [numbers.reduce(0, +)])
    try backend.norm(x, count: count, accumulating: true, into: y)
    let sum = numbers.reduce(0, +)
    let norm = numbers.reduce(sum * sum) { $0 + $1 * $1 }.squareRoot()
    #expect(abs(try backend.floats(y, count: 1)[0] - norm) <= 4 * norm.ulp)
    let rows = count / 37
    try backend.reduce(.sum, x, AxisShape(outer: 1, extent: rows, inner: 37), into: y)
    let expected = (0..<37).map { column in (0..<rows).reduce(Float(0)) { $0 + numbers[$1 * 37 + column] } }
    #expect(try backend.floats(y, count: 37) == expected)
  }

  /// Columns side by side are reduced in blocks; the last block is narrower, and ends beyond whole vectors.
  @Test(arguments: TestDevices.all, [(3, 1023), (3, 1024), (70, 1025), (70, 2500), (1200, 4100)])
  func reducesManyColumns(device: OpenCLDevice, shape: (rows: Int, columns: Int)) throws {
    let backend = try OpenCLBackend.shared(for: device)
    let (rows, columns) = shape
    let numbers = wholeNumbers(2 * rows * columns, bound: 2)
    let x = try backend.upload(numbers)
    let y = try backend.empty(2 * columns)
    for (op, start, combine) in [
      (.sum, 0, { $0 + $1 }), (.maximum, -.infinity, { Swift.max($0, $1) }),
    ] as [(ReductionOp, Float, (Float, Float) -> Float)] {
      try backend.reduce(op, x, AxisShape(outer: 2, extent: rows, inner: columns), into: y)
      var expected = [Float](repeating: start, count: 2 * columns)
      for (index, number) in numbers.enumerated() {
        let place = index / (rows * columns) * columns + index % columns
        expected[place] = combine(expected[place], number)
      }
      #expect(try backend.floats(y, count: 2 * columns) == expected, "\(op)")
    }
  }

  /// The gradient of a layer's bias over many rows is summed in slices.
  @Test(arguments: TestDevices.all) func biasGradientsOfManyRows(device: OpenCLDevice) throws {
    let backend = try OpenCLBackend.shared(for: device)
    let (rows, units) = (3001, 33)
    let (dy, saved) = (wholeNumbers(rows * units, seed: 1), wholeNumbers(rows * units, seed: 2))
    let (dz, dBias) = (try backend.empty(rows * units), try backend.empty(units))
    try backend.linearGradient(
      backend.upload(dy), saved: backend.upload(saved), activation: .relu, rows: rows, units: units, dz: dz,
      dBias: dBias)
    let expected = dy.indices.map { saved[$0] > 0 ? dy[$0] : 0 }
    #expect(try backend.floats(dz, count: rows * units) == expected)
    let sums = (0..<units).map { unit in (0..<rows).reduce(Float(0)) { $0 + expected[$1 * units + unit] } }
    #expect(try backend.floats(dBias, count: units) == sums)
  }

  /// Adding at sorted positions loses no update, and keeps the digits of many updates.
  @Test(arguments: TestDevices.all, [false, true]) func scattersOfManyUpdatesKeepTheirDigits(
    device: OpenCLDevice, runsLoops: Bool
  ) throws {
    var options = OpenCLOptions(for: device)
    options.runsLoops = runsLoops
    let backend = try OpenCLBackend(device, options)
    let count = 20_000
    let expected = Float(1 + Double(count) * Double(Float(0.1)))
    for inner in [1, 3] {
      let shape = AxisShape(outer: 1, extent: 2, inner: inner)
      let updates = try backend.upload([Float](repeating: 0.1, count: count * inner))
      let places = try backend.upload([Int32](repeating: 1, count: count * inner))
      for isByRow in [false, true] {
        let y = try backend.upload([Float](repeating: 1, count: 2 * inner))
        if isByRow {
          try backend.scatterRows(.sum, updates, indices: places, indexCount: count, into: y, shape)
        } else {
          try backend.scatterElements(.sum, updates, indices: places, indexExtent: count, into: y, shape)
        }
        let found = try backend.floats(y, count: 2 * inner)
        let untouched = [Float](repeating: 1, count: inner)
        #expect(found == untouched + [Float](repeating: expected, count: inner), "inner \(inner), rows \(isByRow)")
      }
    }
  }

  /// Adding at sorted positions reaches every position: the sums match those of a loop in Double.
  @Test(arguments: TestDevices.all) func scattersAddAtSortedPositions(device: OpenCLDevice) throws {
    let backend = try OpenCLBackend.shared(for: device)
    let (extent, count) = (50, 3000)
    let updates = (0..<count).map { Float(1 / Double($0 + 1)) }
    let indices = (0..<count).map { Int32(($0 * $0) % 53) - 1 }
    let y = try backend.empty(extent)
    try backend.fill(y, count: extent, with: 0)
    try backend.scatterElements(
      .sum, backend.upload(updates), indices: backend.upload(indices), indexExtent: count, into: y,
      AxisShape(outer: 1, extent: extent, inner: 1))
    var expected = [Double](repeating: 0, count: extent)
    for j in 0..<count where indices[j] >= 0 && indices[j] < extent { expected[Int(indices[j])] += Double(updates[j]) }
    #expect(try backend.floats(y, count: extent) == expected.map { Float($0) })
  }
}
#endif
