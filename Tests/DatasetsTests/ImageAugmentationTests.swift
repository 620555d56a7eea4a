import BackendCore
import NeuralNetworks
import TestSupport
import Testing

@testable import Datasets

/// Augmentations of images: steps with given numbers agree with the tensor functions, which are tested against other
/// libraries, and random ones with their distributions.
@Suite struct ImageAugmentationTests {
  /// Colors from 0 to 1, different in each pixel.
  static func image(planes: Int = 3, rows: Int = 5, columns: Int = 6, seed: Int = 0) -> PixelPlanes {
    let numbers = (0..<planes * rows * columns).map { Float(($0 * 37 + seed * 11) % 101) / 100 }
    return try! PixelPlanes(numbers, shape: [planes, rows, columns], needsImage: true)  // it has rows and columns
  }

  private func images(_ count: Int, _ shape: [Int], classes: Int = 3) -> TensorDataset {
    let size = shape.reduce(1, *)
    let numbers = (0..<count * size).map { Float($0 / size) + Float($0 % size) / 1024 }
    return TensorDataset(
      Tensor(numbers, shape: [count] + shape), Tensor(integers: (0..<count).map { $0 % classes }))
  }

  private func tensor(_ image: PixelPlanes) -> Tensor {
    Tensor(
      image.pixels.map(Double.init), shape: [1] + image.shape, dtype: .float64,
      on: TestDevices.reference)
  }

  private func expectSame(
    _ image: PixelPlanes, _ tensor: Tensor, at location: SourceLocation = #_sourceLocation
  ) throws {
    #expect([1] + image.shape == tensor.shape, sourceLocation: location)
    for (found, expected) in zip(image.pixels, try tensor.scalars(as: Double.self)) {
      #expect((Double(found) - expected).magnitude < 2e-6, sourceLocation: location)
    }
  }

  @Test(arguments: FillMode.allCases, [InterpolationMethod.bilinear, .nearest])
  func resamplingIsTheWarpOfTensors(_ fillMode: FillMode, _ method: InterpolationMethod) throws {
    let resampler = Resampler(method, fillMode, 0.25, "test")
    for (angle, scale, shear) in [(0.3, 1.2, 0.1), (-2.5, 0.4, 0), (0, 1, -0.7)] {
      var image = Self.image()
      let map = PixelMap(
        angle: angle, scale: scale, shearTangent: shear, right: 0.7, down: -1.4, rows: 5, columns: 6)
      let matrix = Tensor(
        [
          map.columnByColumn, map.columnByRow, map.firstColumn, map.rowByColumn, map.rowByRow, map.firstRow,
        ] as [Double], shape: [1, 2, 3], dtype: .float64, on: TestDevices.reference)
      let expected = tensor(image).warped(by: matrix, method: method, fillMode: fillMode, fillValue: 0.25)
      image.resample(map, resampler)
      try expectSame(image, expected)
    }
  }

  /// A quarter of a turn, and whole pixels.
  @Test func mapsTurnScaleAndShift() throws {
    let square = Self.image(rows: 5, columns: 5)
    let resampler = Resampler(.nearest, .constant, 0, "test")
    func mapped(_ angle: Double = 0, _ scale: Double = 1, _ right: Double = 0, _ down: Double = 0) -> PixelPlanes {
      var image = square
      image.resample(
        PixelMap(angle: angle, scale: scale, shearTangent: 0, right: right, down: down, rows: 5, columns: 5), resampler)
      return image
    }
    // Counterclockwise, as NumPy's rot90.
    try expectSame(mapped(.pi / 2), tensor(square).rotated90(axes: (2, 3)))
    var shifted = square
    shifted.shift(down: -1, right: 2, 0)
    #expect(mapped(0, 1, 2, -1).pixels == shifted.pixels)
    // Twice as large, the corners show the pixels at a distance of one from the center.
    let large = mapped(0, 2)
    #expect(large[1, 0, 0] == square[1, 1, 1] && large[2, 4, 4] == square[2, 3, 3])
  }

  @Test func resizingIsThatOfTensors() throws {
    var image = Self.image()
    image.resample(
      PixelMap(resizing: (5, 6), to: (3, 8)), Resampler(.bilinear, .nearest, 0, "test"), rows: 3, columns: 8)
    try expectSame(image, tensor(Self.image()).resized(to: [3, 8]))
  }

  @Test func colorsAreThoseOfTensors() throws {
    let x = tensor(Self.image())
    var image = Self.image()
    try image.rotateHue(by: 0.2)
    let hsv = x.rgbToHSV()
    let turned = Tensor.concatenated([hsv[.all, 0..<1] + 0.2, hsv[.all, 1..<3]], axis: 1)
    try expectSame(image, turned.hsvToRGB())
    image = Self.image()
    try image.scaleSaturation(by: 1.4, 0...1)
    let gray = x.rgbToGrayscale()
    try expectSame(image, ((x - gray) * 1.4 + gray).clamped(to: 0...1))
    image = Self.image()
    image.scaleContrast(by: 1.4, 0...1)
    let mean = x.mean(axes: [2, 3], keepingRank: true)
    try expectSame(image, ((x - mean) * 1.4 + mean).clamped(to: 0...1))
    image = Self.image()
    image.add(-0.3, 0...1)
    try expectSame(image, (x - 0.3).clamped(to: 0...1))
  }

  @Test(arguments: [1, 3, 5]) func blursAreThoseOfTensors(_ kernel: Int) throws {
    var image = Self.image()
    image.blur(kernel: kernel, deviation: 1.3)
    try expectSame(image, tensor(Self.image()).gaussianBlurred(kernel: kernel, deviation: 1.3))
    // A kernel that is larger than the image.
    var small = Self.image(rows: 1, columns: 2)
    small.blur(kernel: 9, deviation: 3)
    #expect(small.pixels.allSatisfy { $0 >= 0 && $0 <= 1 })
  }

  @Test func rowsAreMirrored() throws {
    let data = images(4, [2, 3, 2]).augmented(.verticalFlip(probability: 1))
    let found = try data.batch(at: [3]).input
    #expect(try found.scalars() == images(4, [2, 3, 2]).batch(at: [3]).input.flipped(axis: 2).scalars())
  }

  private func apply(_ step: Augmentation, _ image: PixelPlanes, draw: Int) throws -> [Float] {
    let input = Tensor(image.pixels, shape: [1] + image.shape)
    return try TensorDataset(input, Tensor(integers: [0])).augmented(step, seed: UInt64(draw)).batch(at: [0]).input
      .scalars()
  }

  /// Each step draws from its whole range and not beyond it.
  @Test func rangesAreThoseGiven() throws {
    let flat = try PixelPlanes([Float](repeating: 0.5, count: 3), shape: [3, 1, 1], needsImage: true)
    let sums = try (0..<500).map { try apply(.brightness(0.2), flat, draw: $0)[0] - 0.5 }
    #expect(sums.allSatisfy { $0.magnitude <= 0.20001 } && sums.min()! < -0.19 && sums.max()! > 0.19)
    #expect((sums.reduce(0, +) / 500).magnitude < 0.02)
    let slope = try PixelPlanes([0.25, 0.75], shape: [1, 1, 2], needsImage: true)
    let factors = try (0..<500).map { 4 * (try apply(.contrast(0.5), slope, draw: $0)[1] - 0.5) }
    #expect(factors.allSatisfy { $0 > 0.4999 && $0 < 1.5001 } && factors.min()! < 0.53 && factors.max()! > 1.47)
    let red = try PixelPlanes([0.8, 0.2, 0.2], shape: [3, 1, 1], needsImage: true)
    let grays = try (0..<500).count { try Set(apply(.grayscale(probability: 0.3), red, draw: $0)).count == 1 }
    #expect((110...190).contains(grays))
    let hues = try (0..<300).map { draw in
      let color = try apply(.hue(0.25), red, draw: draw)
      return try Tensor(color, shape: [3, 1, 1]).rgbToHSV().scalars()[0]
    }
    #expect(hues.allSatisfy { $0 < 0.2501 || $0 > 0.7499 } && hues.contains { $0 > 0.2 && $0 < 0.3 })
  }

  @Test func erasedRectanglesHaveTheirArea() throws {
    let image = try PixelPlanes([Float](repeating: 1, count: 2 * 40 * 50), shape: [2, 40, 50], needsImage: true)
    var shares: [Double] = []
    for draw in 0..<300 {
      let pixels = try apply(.erasing(probability: 0.5, scale: 0.1...0.3, fill: 7), image, draw: draw)
      #expect(pixels[..<2000] == pixels[2000...] && pixels.allSatisfy { $0 == 1 || $0 == 7 })
      shares.append(Double(pixels.count { $0 == 7 }) / 4000)
    }
    let erased = shares.filter { $0 > 0 }
    #expect((110...190).contains(erased.count) && erased.allSatisfy { $0 > 0.08 && $0 < 0.32 })
    let mean: Double = erased.reduce(0, +) / Double(erased.count)
    #expect(abs(mean - 0.2) < 0.02)
  }

  @Test func resizedCropsHaveTheirSize() throws {
    let data = images(20, [3, 12, 16]).augmented(.resizedCrop(rows: 6, columns: 6))
    #expect(try data.batch(at: Array(0..<20)).input.shape == [20, 3, 6, 6])
    // Evaluation takes the square at the center.
    let center = try images(20, [3, 12, 16]).batch(at: [2]).input[.all, .all, .all, 2..<14].resized(to: [6, 6])
    for (found, expected) in zip(try data.original.batch(at: [2]).input.scalars(), try center.scalars()) {
      #expect((found - expected).magnitude < 1e-5)
    }
    // A whole image stays as it is; one that no window fits is cut at the center.
    let whole = images(1, [1, 4, 4]).augmented(.resizedCrop(rows: 4, columns: 4, scale: 1...1, ratio: 1...1))
    #expect(try whole.batch(at: [0]).input.scalars() == images(1, [1, 4, 4]).batch(at: [0]).input.scalars())
    let wide = images(1, [1, 4, 400]).augmented(.resizedCrop(rows: 4, columns: 4, scale: 1...1, ratio: 1...1))
    #expect(try wide.batch(at: [0]).input[0, 0, 0, 0].item() == Double(198) / 1024)
  }

  @Test func pointwiseSteps() throws {
    let image = try PixelPlanes([0, 0.2, 0.5, 0.9, 1, .nan], shape: [1, 2, 3], needsImage: true)
    func expectNear(_ step: Augmentation, _ expected: [Float]) throws {
      let found = try apply(step, image, draw: 1)
      #expect(found.last?.isNaN == true)
      for (found, expected) in zip(found, expected) { #expect((found - expected).magnitude < 1e-6) }
    }
    try expectNear(.inversion(probability: 1), [1, 0.8, 0.5, 0.1, 0])
    try expectNear(.solarization(probability: 1), [0, 0.2, 0.5, 0.1, 0])
    // 255·x = 0, 51, 127.5, 229.5, 255 with the upper two bits: 0, 0, 64, 192, 192.
    try expectNear(.posterization(bits: 2, probability: 1), [0, 0, 64 / 255, 192 / 255, 192 / 255])
  }

  /// No step traps on pixels that are no numbers, on single pixels, or on images without pixels.
  @Test func unusualPixelsAreHarmless() throws {
    let steps: [Augmentation] = [
      .shift(by: 3), .horizontalFlip(), .verticalFlip(), .rotation(degrees: 180, fillMode: .reflect),
      .zoom(scale: 0.01...100, fillMode: .wrap), .affine(degrees: 9, translation: 1, shear: 80, fillMode: .nearest),
      .colorJitter(brightness: 1, contrast: 1, saturation: 1, hue: 0.5), .grayscale(probability: 1),
      .gaussianBlur(kernel: 255), .erasing(probability: 1), .inversion(), .solarization(), .posterization(),
      .autoContrast(probability: 1), .equalization(probability: 1), .sharpness(1), .randAugment(operations: 20),
      .resizedCrop(rows: 2, columns: 3), .mixUp(), .cutMix(), .noise(deviation: 1),
    ]
    for numbers in [[Float.nan, .infinity, -.infinity], [3e38, -3e38, 0]] {
      let data = TensorDataset(Tensor(numbers, shape: [1, 3, 1, 1]), .ones([1, 2]))
      for epoch in 0..<20 {
        let found = try data.augmented(steps[0], steps[1]).during(epoch: epoch).batch(at: [0])
        #expect(found.input.shape == [1, 3, 1, 1])
        let all = try AugmentedDataset(data, steps, seed: 1).during(epoch: epoch).batch(at: [0])
        #expect(all.input.shape == [1, 3, 2, 3])
      }
    }
    let none = TensorDataset(.zeros([1, 3, 0, 2]), .ones([1]))
    #expect(throws: DataError.augmentation(reason: "images have pixels, and inputs of the shape [3, 0, 2] have none")) {
      try none.augmented(.shift(by: 1)).batch(at: [0])
    }
    #expect(
      throws: DataError.augmentation(reason: "color images have the shape [3, rows, columns], not [1, 4, 4]")
    ) { try images(1, [1, 4, 4]).augmented(.saturation(0.5)).batch(at: [0]) }
  }

  @Test func customStepsChangePixels() throws {
    let data = images(6, [2, 3, 4])
    let custom = Augmentation.custom("dot") { image, random in
      image[1, random.integer(below: image.rows), image.columns - 1] = Float(random.uniform(in: 50...60))
    }
    let found = try data.augmented(custom, seed: 3).batch(at: [0, 5]).input
    let changed = try (found .!= data.batch(at: [0, 5]).input).cast(to: .float32)
    #expect(try changed.sum(axes: [1, 2, 3]).scalars() == [1, 1])
    #expect(try changed[.all, 1, .all, 3].sum().item() == 2)
    #expect(try found.max().item() >= 50 && found.max().item() < 60)
    #expect(try data.augmented(custom, seed: 3).batch(at: [5]).input.scalars() == found[1..<2].scalars())
    #expect(try data.augmented(custom).original.batch(at: [1]).input.scalars() == data.batch(at: [1]).input.scalars())
    #expect(
      throws: DataError.augmentation(reason: "half returned 3 pixels for an image of shape [2, 3, 4], expected 24")
    ) { try data.augmented(.custom("half") { image, _ in image.pixels = [1, 2, 3] }).batch(at: [0]) }
  }

  @Test func randomNumbersFollowTheirDistributions() {
    var random = AugmentationRandom(RandomSource(key: 7))
    let count = 20_000
    func moments(_ draw: (inout AugmentationRandom) -> Double) -> (mean: Double, variance: Double) {
      let numbers = (0..<count).map { _ in draw(&random) }
      let mean = numbers.reduce(0, +) / Double(count)
      return (mean, numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count))
    }
    let uniform = moments { $0.uniform(in: -1...3) }
    #expect((uniform.mean - 1).magnitude < 0.05 && (uniform.variance - 16.0 / 12).magnitude < 0.05)
    let normal = moments { $0.normal(mean: 2, deviation: 3) }
    #expect((normal.mean - 2).magnitude < 0.1 && (normal.variance - 9).magnitude < 0.5)
    for alpha in [0.001, 0.2, 1, 5] {
      // The variance of a beta distribution with equal parameters.
      let beta = moments { $0.beta(alpha) }
      let variance = 1 / (4 * (2 * alpha + 1))
      #expect((beta.mean - 0.5).magnitude < 0.02 && (beta.variance - variance).magnitude < 0.05 * variance, "\(alpha)")
    }
    var counts = [Int](repeating: 0, count: 3)
    for _ in 0..<3000 { counts[random.integer(below: 3)] += 1 }
    #expect(counts.allSatisfy { (880...1120).contains($0) })
  }
}
