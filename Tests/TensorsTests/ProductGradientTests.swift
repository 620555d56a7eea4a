import Tensors
import Testing

/// The gradient of a product is the product of the others, also where zeros, infinities and NaN meet.
@Suite struct ProductGradientTests {
  private static let numbers: [Float] = [0, 1, -2, 0.5, 3, .infinity, -.infinity, .nan]

  /// Every row of three numbers out of the list, and the products of the others in Double.
  private static let rows: [[Float]] = numbers.flatMap { a in numbers.flatMap { b in numbers.map { [a, b, $0] } } }

  private static func others(_ row: [Float]) -> [Double] {
    row.indices.map { place in
      var product = 1.0
      for (index, value) in row.enumerated() where index != place { product *= Double(value) }
      return product
    }
  }

  @Test(arguments: TestDevices.all) func everyRowOfThree(_ device: Device) throws {
    let expected = Self.rows.flatMap(Self.others)
    let x = Tensor(Self.rows.flatMap { $0 }, shape: [Self.rows.count, 3], on: device)
    try expect(valueAndGradient(at: x) { $0.product(axis: 1).sum() }.gradient, expected)
    // The same with the reduced axis in front.
    let columns = x.transposed()
    let (_, gradient) = valueAndGradient(at: columns) { $0.product(axis: 0).sum() }
    try expect(gradient.transposed(), expected)
  }

  /// Long rows with one, two, and no special numbers, over two separate axes.
  @Test(arguments: TestDevices.all) func longRows(_ device: Device) throws {
    for special: [Float] in [
      [], [.infinity], [0], [-.infinity, 0], [0, 0], [.infinity, -.infinity], [.nan], [.nan, 0],
    ] {
      var row = (0..<60).map { Float([1, -1, 2, 0.5, -0.25, -4][$0 % 6]) }
      for (index, value) in special.enumerated() { row[7 + 20 * index] = value }
      let x = Tensor(row, shape: [6, 1, 10], on: device)
      let (_, gradient) = valueAndGradient(at: x) { $0.product(axes: [0, 2]).sum() }
      try expect(gradient, Self.others(row), "\(special)")
    }
  }

  /// What overflows float32 among the others does not turn a zero into NaN, nor what vanishes an infinity.
  @Test(arguments: TestDevices.all) func overflowsMeetZeros(_ device: Device) throws {
    let rows: [[Float]] = [[1e30, 1e30, 0, 2], [1e-30, 1e-30, -.infinity, 1]]
    let x = Tensor(rows.flatMap { $0 }, shape: [2, 4], on: device)
    try expect(
      valueAndGradient(at: x) { $0.product(axis: 1).sum() }.gradient,
      [0, 0, .infinity, 0, -.infinity, -.infinity, 0, -.infinity])
  }
}
