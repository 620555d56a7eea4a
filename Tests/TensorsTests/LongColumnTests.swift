import Tensors
import Testing

/// Sums down columns, over several axes and into few elements keep their digits on every device, however many numbers they add.
@Suite struct LongColumnTests {
  private static let tenth = Double(Float(0.1))

  /// Expects every number within a few ulp of one.
  private func expect(
    _ tensor: Tensor, _ expected: Double, within tolerance: Double = 5e-7, _ name: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let numbers = try tensor.scalars(as: Double.self)
    let worst = numbers.map { abs($0 - expected) / abs(expected) }.max() ?? .infinity
    #expect(worst <= tolerance, "\(name) on \(tensor.device): off by \(worst)", sourceLocation: sourceLocation)
  }

  @Test(arguments: TestDevices.real)
  func theMeanOfEqualNumbersIsThatNumber(_ device: Device) throws {
    for number: Float in [0.1, 1 / 3, 0.7, 1e20, 1.1] {
      for (shape, axes) in [
        ([1_000_003, 1, 2], [0]), ([99_991, 7], [0]), ([4099, 300], [0]), ([63, 5], [0]), ([3, 1001], [1]),
        ([1003, 1003], [0, 1]), ([33, 5, 61, 63], [0, 2, 3]), ([5, 3001, 7], [1]),
      ] {
        let mean = Tensor.full(shape, Double(number), on: device).mean(axes: axes)
        let found = try mean.scalars(as: Float.self)
        // OpenCL adds blocks in float32, whose means may differ from it by a few ulp.
        let allowed = device == .cpu ? 0 : 3e-7 * number
        #expect(
          found.allSatisfy { abs($0 - number) <= allowed },
          "\(number) \(shape), axes \(axes), on \(device): \(found.prefix(3))")
      }
    }
  }

  @Test(arguments: TestDevices.real)
  func sumsDownColumnsKeepTheirDigits(_ device: Device) throws {
    for shape in [[1_000_000, 3], [4095, 300], [250_000, 16], [70, 1000]] {
      let rows = Double(shape[0])
      let x = Tensor.full(shape, 0.1, on: device)
      try expect(x.sum(axis: 0), rows * Self.tenth, "sum of \(shape)")
      try expect(x.squared().sum(axis: 0), rows * Self.tenth * Self.tenth, "sum of squares of \(shape)")
      for isReversed in [false, true] {
        let running = x.cumulativeSum(axis: 0, reversed: isReversed)
        let last = isReversed ? running[..<1] : running[(-1)...]
        try expect(last, rows * Self.tenth, "running sum of \(shape)")
      }
      let bias = Tensor.zeros([shape[1]], on: device)
      let gradient = valueAndGradient(at: bias) { ((x + $0) * 0.7).sum() }.gradient
      try expect(gradient, rows * Double(Float(0.7)), "gradient of a bias, \(shape)")
    }
  }

  /// Random numbers against float64.
  @Test(arguments: TestDevices.real)
  func sumsOfRandomColumnsKeepTheirDigits(_ device: Device) throws {
    let x = Tensor.uniform([300_000, 4], in: 0..<1, using: RandomStream(seed: 3), on: device)
    let numbers = try x.scalars(as: Double.self)
    for column in 0..<4 {
      let values = stride(from: column, to: numbers.count, by: 4).map { numbers[$0] }
      let mean = values.reduce(0, +) / Double(values.count)
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
      try expect(x.mean(axis: 0)[column], mean, "mean")
      try expect(x.variance(axis: 0)[column], variance, within: 5e-7, "variance")
    }
  }

  @Test(arguments: TestDevices.real)
  func normalizationGradientsOverManyRowsKeepTheirDigits(_ device: Device) throws {
    for columns in [4, 300] {
      // Rows whose normalized numbers are −1 and 1 in turn.
      let rows = 40_000
      let x = Tensor((0..<columns).map { $0 % 2 == 0 ? -1 : 1 }, on: device).broadcast(to: [rows, columns])
      let (weight, bias) = (Tensor.ones([columns], on: device), Tensor.zeros([columns], on: device))
      let gradients = valueAndGradient(at: weight, bias) { weight, bias in
        (x.layerNormalized(weight: weight, bias: bias, epsilon: 0) * 0.1).sum()
      }.gradient
      let tolerance = device == .cpu ? 3e-7 : 4e-6
      try expect(gradients.0.magnitude(), Double(rows) * Self.tenth, within: tolerance, "weight, \(columns) columns")
      try expect(gradients.1, Double(rows) * Self.tenth, within: tolerance, "bias, \(columns) columns")
    }
  }

  @Test(arguments: TestDevices.real)
  func additionsToFewRowsKeepTheirDigits(_ device: Device) throws {
    for repeats in [63, 100, 255, 1000, 100_000] {
      let indices = Tensor(integers: [Int](repeating: 1, count: repeats), on: device)
      let updates = Tensor.full([repeats, 3], 0.1, on: device)
      // As an embedding's gradient, and element by element.
      let table = Tensor.zeros([4, 3], on: device)
      let gradient = valueAndGradient(at: table) { ($0.gathered(indices, axis: 0) * updates).sum() }.gradient
      let tolerance = repeats < 100 ? 2e-6 : 3e-7
      try expect(gradient[1], Double(repeats) * Self.tenth, within: tolerance, "\(repeats) additions to a row")
    }
  }

  /// Every position in the middle is in `window`² windows.
  @Test(arguments: TestDevices.real)
  func gradientsOfLargePoolsKeepTheirDigits(_ device: Device) throws {
    let window = 48, extent = 2 * window - 1
    let geometry = WindowGeometry(kernel: (window, window))
    let x = Tensor.zeros([1, 1, extent, extent], on: device)
    let gradient = valueAndGradient(at: x) { ($0.pooled(.mean, geometry) * 0.1).sum() }.gradient
    try expect(gradient[0][0][window - 1][window - 1], Self.tenth, "gradient of a mean pool")
    var one = [Float](repeating: 0, count: extent * extent)
    one[(window - 1) * extent + window - 1] = 1
    let peak = Tensor(one, shape: [1, 1, extent, extent], on: device)
    let maximumGradient = valueAndGradient(at: peak) { ($0.pooled(.maximum, geometry) * 0.1).sum() }.gradient
    try expect(maximumGradient.max(), Double(window * window) * Self.tenth, "gradient of a maximum pool")
  }

  /// The gradient of a weight is a sum over all positions of all images; one of them, in float64, is the oracle.
  @Test(arguments: TestDevices.real)
  func weightGradientsOfConvolutionsKeepTheirDigits(_ device: Device) throws {
    typealias Case = (channels: Int, outputs: Int, height: Int, width: Int, kernel: (height: Int, width: Int))
    let cases: [Case] = [
      (1, 1, 65, 65, (2, 2)), (3, 40, 65, 65, (2, 2)), (24, 20, 33, 33, (2, 2)), (4, 8, 1, 4097, (1, 2)),
    ]
    for item in cases {
      let batch = 24
      let (rows, columns) = (item.height - item.kernel.height + 1, item.width - item.kernel.width + 1)
      let random = RandomStream(seed: 5)
      let x = Tensor.uniform([batch, item.channels, item.height, item.width], in: 0..<1, using: random, on: device)
      let upstream = Tensor.uniform([batch, item.outputs, rows, columns], in: 0..<1, using: random, on: device)
      let weight = Tensor.zeros([item.outputs, item.channels, item.kernel.height, item.kernel.width], on: device)
      let geometry = WindowGeometry(kernel: item.kernel)
      let forward = valueAndGradient(at: weight) { (x.convolution($0, bias: nil, geometry) * upstream).sum() }.gradient
      let transposed = valueAndGradient(at: weight) {
        (upstream.transposedConvolution($0, geometry, height: item.height, width: item.width) * x).sum()
      }.gradient
      // Of the last output, the last channel, and the last kernel position.
      let images = try x[.all, -1].scalars(as: Double.self), gradients = try upstream[.all, -1].scalars(as: Double.self)
      var expected = 0.0
      for image in 0..<batch {
        for row in 0..<rows {
          let (top, left) = (row + item.kernel.height - 1, item.kernel.width - 1)
          let from = (image * item.height + top) * item.width + left, to = (image * rows + row) * columns
          for column in 0..<columns { expected += images[from + column] * gradients[to + column] }
        }
      }
      for (name, gradient) in [("convolution", forward), ("transposed convolution", transposed)] {
        try expect(gradient[-1, -1, -1, -1], expected, within: 1e-6, "\(name), \(x.shape)")
      }
    }
  }
}
