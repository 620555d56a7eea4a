import Tensors
import Testing

/// Sampling, colors, and blurring of images. The numbers come from SciPy's `map_coordinates` (with the modes
/// `grid-constant`, `nearest`, `reflect`, and `grid-wrap`), Python's `colorsys`, and PyTorch's `conv2d` with a padded input,
/// in float64.
@Suite struct ImageFunctionTests {
  struct Sample: Sendable, CustomTestStringConvertible {
    let method: InterpolationMethod
    let fillMode: FillMode
    let expected: [Double]
    var testDescription: String { "\(method), \(fillMode)" }
  }

  static let samples: [Sample] = [
    Sample(
      method: .bilinear, fillMode: .constant,
      expected: [
        0.5, 0.15625, 0.40625, -0.296875, 0.5, 0.5, 0.5, 0.375, -0.234375, 0.359375, 0.5, 0.5,
      ]),
    Sample(
      method: .bilinear, fillMode: .nearest,
      expected: [
        -0.9375, -0.875, 0.3125, -0.5625, 0.625, -1.375, -0.0625, 0, -0.96875, 0.3125, -1.375, -0.5,
      ]),
    Sample(
      method: .bilinear, fillMode: .reflect,
      expected: [
        -0.8046875, -0.875, 0.3125, -0.5625, -0.255, -0.1125, 0.0703125, 0, -0.96875, 0.3125, 0.62, 0.7625,
      ]),
    Sample(
      method: .bilinear, fillMode: .wrap,
      expected: [
        0.53125, 0.04375, 0.5625, -0.46875, -0.495, -0.75, -0.2109375, -0.375, -0.71875, 0.40625, 0.38, 0.125,
      ]),
    Sample(
      method: .nearest, fillMode: .constant,
      expected: [0.5, 0.5, 0.5, -1.125, 0.5, 0.5, 0.5, 0.5, 0.5, -0.25, 0.5, 0.5]),
    Sample(
      method: .nearest, fillMode: .nearest,
      expected: [
        -1.375, -1.375, 0.625, -1.125, 0.625, -1.375, -0.5, -0.5, -1.375, -0.25, -1.375, -0.5,
      ]),
    Sample(
      method: .nearest, fillMode: .reflect,
      expected: [-1.375, -1.375, 0.625, -1.125, -0.75, 0, -0.5, -0.5, -1.375, -0.25, 0.125, 0.875]),
    Sample(
      method: .nearest, fillMode: .wrap,
      expected: [1.125, 1, 1.125, -1.125, 0, -0.75, -0.875, -1, -0.875, -0.25, 0.875, 0.125]),
  ]

  @Test(arguments: TestDevices.all, samples) func samplingAgreesWithSciPy(_ device: Device, _ sample: Sample) throws {
    let image = LayerFunctionTests.wave([1, 2, 3, 4], 0, device)
    let found = image.sampled(
      rows: Tensor([-1.25, 0.4, 1.75, 2.25, 4.6, -3.3], shape: [1, 2, 3], on: device),
      columns: Tensor([0.25, -0.75, 3.5, 1.5, 5.2, -2.1], shape: [1, 2, 3], on: device), method: sample.method,
      fillMode: sample.fillMode, fillValue: 0.5)
    try expect(found, sample.expected, shape: [1, 2, 2, 3], tolerance: 5e-6)
  }

  /// Infinite positions and NaN are like positions far outside, or the first pixel.
  @Test(arguments: TestDevices.all, FillMode.allCases)
  func positionsThatAreNoNumbersAreHarmless(_ device: Device, _ fillMode: FillMode) throws {
    let image = Tensor([1, 2, 3, 4], shape: [1, 1, 1, 4], on: device)
    let places = Tensor([.nan, .infinity, -.infinity, 1e30], shape: [1, 1, 4], on: device)
    let zero = Tensor.zeros([1, 1, 4], on: device)
    let found = try image.sampled(rows: zero, columns: places, fillMode: fillMode, fillValue: 9).scalars()
    let expected: [Float] =
      switch fillMode {
      case .constant: [9, 9, 9, 9]
      case .nearest: [1, 4, 1, 4]
      case .reflect, .wrap: [1, 1, 1, 1]  // 2²⁰ is a multiple of twice the width
      }
    #expect(found == expected)
  }

  @Test(arguments: TestDevices.all) func warpsFollowTheirMatrices(_ device: Device) throws {
    let image = LayerFunctionTests.wave([1, 2, 3, 4], 0, device)
    let affine: [Float] = [0.9, 0.2, -0.3, -0.1, 1.1, 0.4]
    // The same as `keras.ops.image.affine_transform` with these numbers and the mode "reflect".
    try expect(
      image.warped(by: Tensor(affine, shape: [1, 2, 3], on: device), fillMode: .reflect),
      [
        -0.875, -0.4675, -0.225, -0.04, 0.5, -0.525, -0.25375, -0.155, 1.0125, 0, -1.0125, 0.275, 0, 0.4075,
        0.65, -0.2, -0.0625, 0.12, 0.62125, 0.375, -0.7, 0.875, -0.1375, -1.15,
      ], shape: [1, 2, 3, 4], tolerance: 5e-6)
    try expect(
      image.warped(by: Tensor(affine + [0.02, -0.05, 1], shape: [1, 3, 3], on: device), size: [2, 3]),
      [
        -0.6125, -0.475346021, -0.190551036, 0.53566482, -0.49871134, -0.249171003, 0, 0.399653979,
        0.684448964, -0.170706371, 0.152925391, 0.625828997,
      ], shape: [1, 2, 2, 3], tolerance: 5e-6)
  }

  @Test(arguments: TestDevices.all) func colorsAgreeWithColorsys(_ device: Device) throws {
    let x = (LayerFunctionTests.wave([1, 3, 2, 3], 2, device) + 11.0 / 8) / 2.75
    try expect(
      x.rgbToHSV(),
      [
        0.0833333333, 0.755555556, 0.411111111, 0.0833333333, 0.755555556, 0.411111111, 0.727272727, 0.75,
        0.789473684, 0.888888889, 0.9375, 1, 1, 0.909090909, 0.863636364, 0.818181818, 0.727272727, 0.681818182,
      ], shape: [1, 3, 2, 3], tolerance: 5e-6)
    try expect(
      x.hsvToRGB(),
      [
        0.272727273, 0.702479339, 0.460743802, 0.0871525169, 0.694214876, 0.318181818, 0.0991735537, 0.796393689,
        0.5, 0.0495867769, 0.727272727, 0.101239669, 0.0991735537, 0.909090909, 0.0681818182, 0.0909090909,
        0.709241172, 0.101239669,
      ], shape: [1, 3, 2, 3], tolerance: 5e-6)
    try expect(
      x.rgbToGrayscale(), [0.703536364, 0.413668182, 0.6183, 0.521736364, 0.231868182, 0.4365], shape: [1, 1, 2, 3],
      tolerance: 5e-6)
    try expect(x.rgbToHSV().hsvToRGB(), x.scalars(as: Double.self), shape: [1, 3, 2, 3], tolerance: 5e-6)
    // Gray and black have neither a hue nor a saturation; red is at 0.
    let special = Tensor([0, 0.5, 1, 0, 0.5, 0, 0, 0.5, 0], shape: [3, 1, 3], on: device)
    try expect(special.rgbToHSV(), [0, 0, 0, 0, 0, 1, 0, 0.5, 1], shape: [3, 1, 3])
  }

  @Test(arguments: TestDevices.all) func blursAreConvolutions(_ device: Device) throws {
    let x = LayerFunctionTests.wave([1, 1, 4, 5], 1, device)
    let reflected = [
      -0.307037922, -0.264043527, -0.0115734446, 0.101208313, 0.212893161, -0.266718438, -0.223724043,
      -0.0113437405, 0.044140537, 0.122296974, -0.191105932, -0.148111537, -0.0273300354, -0.10276143,
      -0.101212107, -0.150786448, -0.107792053, -0.0271003313, -0.159829206, -0.191808294,
    ]
    try expect(
      x.gaussianBlurred(kernel: 5, deviation: 1.3), reflected, shape: [1, 1, 4, 5], tolerance: 5e-6)
    try expect(
      x.gaussianBlurred(kernel: 5, deviation: 1.3, mode: .zeros),
      [
        -0.101518702, -0.124165099, -0.0162452485, 0.0985231727, 0.172676166, -0.0968160811, -0.112607213,
        -0.0172852691, 0.0500820657, 0.0875938616, -0.0549799143, -0.055590643, -0.017568505, -0.0472761242,
        -0.0780927569, -0.00986229776, 0.000749160112, -0.00932886619, -0.0964643004, -0.165704688,
      ], shape: [1, 1, 4, 5], tolerance: 5e-6)
    try expect(x.gaussianBlurred(kernel: 5, deviation: 1e-60), x.scalars(as: Double.self), shape: [1, 1, 4, 5])
    // Each image has its deviation.
    let pair = Tensor.concatenated([x, x], axis: 0)
    let both = pair.gaussianBlurred(kernel: 5, deviations: Tensor([1.3, 0.01], on: device))
    try expect(both, reflected + x.scalars(as: Double.self), shape: [2, 1, 4, 5], tolerance: 5e-6)
  }

  /// `keras.ops.image.sobel_edges` and `ssim`, channels first.
  @Test(arguments: TestDevices.all) func edgesAgreeWithKeras(_ device: Device) throws {
    let x = LayerFunctionTests.wave([1, 2, 3, 4], 0, device)
    let expected = [
      -1.5, -0.5, -2.125, 1.875, -0.875, 1.875, -0.75, 1.0, 4.625, -2.125, 1.375, -0.375, -1.5, 2.5, -1.125, 0.875, 1.5,
      -1.25, 2.125, -3.875, 0.875, 1.875, 0.75, 1.75, 1.125, 2.125, 1.375, 1.875, 2.625, -3.875, 1.875, -1.625, -1.125,
      1.375, -1.5, 2.5, -1.5, -3.25, -1.125, -2.625, -1.125, 1.375, -1.375, 1.875, -2.625, -3.875, -1.875, -0.875,
    ]
    try expect(x.sobelEdges(), expected, shape: [1, 2, 3, 4, 2])
    try expect(x[0, 0].sobelEdges(), Array(expected[..<24]), shape: [3, 4, 2])
    #expect(Tensor.zeros([0, 3, 4, 6], on: device).sobelEdges().shape == [0, 3, 4, 6, 2])
  }

  @Test(arguments: TestDevices.all) func similaritiesAgreeWithKeras(_ device: Device) throws {
    func image(_ shape: [Int], _ seed: Int) -> Tensor {
      (LayerFunctionTests.wave(shape, seed, device) + 11.0 / 8) / 2.75
    }
    let a = image([2, 2, 6, 7], 0)
    let b = 0.7 * a + 0.3 * image([2, 2, 6, 7], 3)
    let similarities = [0.808042, 0.808809]
    try expect(
      a.structuralSimilarity(to: b, kernel: 5, deviation: 1.2), similarities, shape: [2], tolerance: 5e-6)
    try expect(
      (255 * a).structuralSimilarity(to: 255 * b, range: 255, kernel: 5, deviation: 1.2), similarities,
      tolerance: 5e-6)
    try expect(a.structuralSimilarity(to: a, kernel: 5), [1, 1])
    let c = image([1, 1, 12, 13], 1)
    let d = 0.8 * c + 0.2 * image([1, 1, 12, 13], 5)
    try expect(c.structuralSimilarity(to: d), [0.978532254696], shape: [1], tolerance: 5e-6)
    try expect(c.structuralSimilarity(to: d, k1: 0.02, k2: 0.05), [0.978735208511], tolerance: 5e-6)
    let none = Tensor.zeros([0, 3, 12, 12], on: device)
    #expect(none.structuralSimilarity(to: none).shape == [0])
  }

  /// `torch.nn.functional.affine_grid` with `align_corners=False`.
  @Test(arguments: TestDevices.all) func affineGridsAgreeWithPyTorch(_ device: Device) throws {
    let matrices = LayerFunctionTests.wave([2, 2, 3], 2, device)
    try expect(
      matrices.affineGrid(height: 2, width: 3),
      [
        -1.91666666667, -1.83333333333, -1.0, -1.25, -0.0833333333333, -0.666666666667, -1.66666666667, -2.08333333333,
        -0.75, -1.5, 0.166666666667, -0.916666666667, 1.125, 1.20833333333, 1.375, 1.125, 1.625, 1.04166666667, 0.375,
        -0.0416666666667, 0.625, -0.125, 0.875, -0.208333333333,
      ], shape: [2, 2, 3, 2])
    // The grid of the identity is the centers of the pixels.
    let x = LayerFunctionTests.wave([1, 2, 3, 4], 0, device)
    let identity = Tensor([1, 0, 0, 0, 1, 0], shape: [1, 2, 3], on: device)
    try expect(
      x.gridSampled(at: identity.affineGrid(height: 3, width: 4)), x.scalars(as: Double.self), tolerance: 5e-6)
  }

  @Test(arguments: TestDevices.all) func emptyBatches(_ device: Device) {
    let none = Tensor.zeros([0, 3, 4, 6], on: device)
    #expect(none.warped(by: .zeros([0, 2, 3], on: device), size: [2, 3]).shape == [0, 3, 2, 3])
    #expect(none.rgbToHSV().hsvToRGB().shape == [0, 3, 4, 6])
    #expect(none.gaussianBlurred(kernel: 3, deviation: 1).shape == [0, 3, 4, 6])
  }
}
