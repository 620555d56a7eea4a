import BackendCore
import BackendReference
import Testing

@Suite struct ReductionTests {
  let backend = ReferenceBackend()

  @Test func reducesTheMiddleAxis() throws {
    // [2, 3, 2]
    let x = try buffer([1, 2, 3, 4, 5, 6, -1, -2, -3, -4, -5, 7])
    let shape = AxisShape(outer: 2, extent: 3, inner: 2)
    let expected: [(ReductionOp, [Double])] = [
      (.sum, [9, 12, -9, 1]), (.mean, [3, 4, -3, 1.0 / 3]), (.maximum, [5, 6, -1, 7]), (.minimum, [1, 2, -5, -4]),
      (.product, [15, 48, -15, 56]),
    ]
    for (op, values) in expected {
      let y = try result(4)
      try backend.reduce(op, x, shape, into: y)
      #expect(agree(try BackendReferenceTests.values(y), values), "\(op)")
    }
  }

  @Test func reductionsOfNothing() throws {
    let empty = AxisShape(outer: 1, extent: 0, inner: 1)
    let expected: [(ReductionOp, Double)] = [
      (.sum, 0), (.mean, .nan), (.maximum, -.infinity), (.minimum, .infinity), (.product, 1),
    ]
    for (op, value) in expected {
      let y = try result(1)
      try backend.reduce(op, try buffer([]), empty, into: y)
      #expect(agree(try values(y), [value]), "\(op)")
    }
    let y = try result(1, .bool)
    try backend.reduce(.maximum, try buffer([], .bool), empty, into: y)
    #expect(try values(y) == [0])
    try backend.reduce(.minimum, try buffer([], .bool), empty, into: y)
    #expect(try values(y) == [1])
  }

  @Test func integersWrapAround() throws {
    let x = try buffer([Double(Int32.max), 1, 65536, 65536], .int32)
    let y = try result(2, .int32)
    try backend.reduce(.sum, x, AxisShape(outer: 2, extent: 2, inner: 1), into: y)
    #expect(try values(y) == [Double(Int32.min), 131_072])
    try backend.reduce(.product, x, AxisShape(outer: 2, extent: 2, inner: 1), into: y)
    #expect(try values(y) == [Double(Int32.max), 0])
  }

  /// PyTorch's results: NaN is both the maximum and the minimum, and the first of equal elements wins.
  @Test func positionsOfMaximaAndMinima() throws {
    let rows: [Double] = [3, .nan, -1, .nan, 3, 3, -1, -1, -.infinity, -.infinity, -.infinity, -.infinity]
    let y = try result(3, .int32)
    let shape = AxisShape(outer: 3, extent: 4, inner: 1)
    try backend.argReduce(.argmax, try buffer(rows), shape, into: y)
    #expect(try values(y) == [1, 0, 0])
    try backend.argReduce(.argmin, try buffer(rows), shape, into: y)
    #expect(try values(y) == [1, 2, 0])
  }

  @Test func runningSums() throws {
    let x = try buffer([1, 2, 3, 4, 5, 6])
    let y = try result(6)
    try backend.scan(.sum, x, AxisShape(outer: 1, extent: 3, inner: 2), reversed: false, into: y)
    #expect(try values(y) == [1, 2, 4, 6, 9, 12])
    try backend.scan(.sum, x, AxisShape(outer: 2, extent: 3, inner: 1), reversed: true, into: y)
    #expect(try values(y) == [6, 5, 3, 15, 11, 6])
  }

  /// NumPy's `cumprod`, `maximum.accumulate`, and `minimum.accumulate`.
  @Test func otherScans() throws {
    let shape = AxisShape(outer: 1, extent: 6, inner: 1)
    let x = try buffer([2, -1, 3, .nan, 5, 1])
    let y = try result(6)
    for (op, expected) in [
      (ScanOp.product, [2.0, -2, -6, .nan, .nan, .nan]), (.maximum, [2, 2, 3, .nan, .nan, .nan]),
      (.minimum, [2, -1, -1, .nan, .nan, .nan]),
    ] {
      try backend.scan(op, x, shape, reversed: false, into: y)
      #expect(agree(try values(y), expected), "\(op)")
    }
    let integers = try buffer([100_000, 100_000, -7, 100_000, 0, 3], .int32)
    let z = try result(6, .int32)
    for (op, expected) in [
      (ScanOp.product, [100_000.0, 1_410_065_408, -1_280_523_264, 2_123_530_240, 0, 0]),
      (.maximum, [100_000, 100_000, 100_000, 100_000, 100_000, 100_000]),
      (.minimum, [100_000, 100_000, -7, -7, -7, -7]),
    ] {
      try backend.scan(op, integers, shape, reversed: false, into: z)
      #expect(try values(z) == expected, "\(op)")
    }
  }

  /// `torch.sort(stable: true)` for the same numbers.
  @Test func sorting() throws {
    let x = try buffer([3, .nan, -1, .infinity, 3, -.infinity, 0])
    let sorted = try result(7)
    let order = try result(7, .int32)
    try backend.sort(x, rows: 1, columns: 7, descending: false, values: sorted, indices: order)
    #expect(agree(try values(sorted), [-.infinity, -1, 0, 3, 3, .infinity, .nan]))
    #expect(try values(order) == [5, 2, 6, 0, 4, 3, 1])
    try backend.sort(x, rows: 1, columns: 7, descending: true, values: nil, indices: order)
    #expect(try values(order) == [1, 3, 0, 4, 6, 2, 5])
  }
}
