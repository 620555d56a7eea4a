import NeuralNetworks
import TestSupport
import Testing

@testable import Datasets

/// Augmentations of tones, compared with Pillow.
@Suite struct ToneAugmentationTests {
  /// The pixels as Pillow changes them.
  private func pillow(_ pixels: [UInt8], rows: Int, _ expression: String) throws -> [Double]? {
    let script = """
      from PIL import Image, ImageEnhance, ImageFilter, ImageOps
      pixels = np.array(sys.argv[1].split(), np.uint8).reshape(\(rows), -1)
      image = Image.fromarray(pixels)
      print(*np.asarray(\(expression)).ravel())
      """
    let text = pixels.map { "\($0)" }.joined(separator: " ")
    return try Python.run(script, [text])?.split(whereSeparator: \.isWhitespace).compactMap { Double($0) }
  }

  private func planes(_ pixels: [UInt8], rows: Int) throws -> PixelPlanes {
    try PixelPlanes(pixels.map { Float($0) / 255 }, shape: [1, rows, pixels.count / rows], needsImage: true)
  }

  private func expectNear(
    _ image: PixelPlanes, _ expected: [Double], _ bound: Double, at location: SourceLocation = #_sourceLocation
  ) {
    #expect(image.pixels.count == expected.count, sourceLocation: location)
    let errors = zip(image.pixels, expected).map { (255 * Double($0) - $1).magnitude }
    #expect(errors.allSatisfy { $0 < bound }, "\(errors.max() ?? 0)", sourceLocation: location)
  }

  /// Images with 600 pixels: many dark ones, few levels, and one level.
  private static let images: [[UInt8]] = {
    let dark = (0..<600).map { (index: Int) -> UInt8 in
      let level = (index * index * 7 + index * 13) % 211
      return UInt8(level * (index * 31 % 5 + 1) / 5 + 20)
    }
    let few = (0..<600).map { (index: Int) -> UInt8 in UInt8(index % 3 * 40 + 17) }
    return [dark, few, [UInt8](repeating: 99, count: 600)]
  }()

  @Test(arguments: images.indices) func planesAreEqualizedAndStretched(_ index: Int) throws {
    func compare(_ function: String, _ bound: Double, _ change: (inout PixelPlanes) -> Void) throws {
      let pixels = Self.images[index]
      guard let expected = try pillow(pixels, rows: 20, "ImageOps.\(function)(image)") else { return }
      var image = try planes(pixels, rows: 20)
      change(&image)
      expectNear(image, expected, bound)
    }
    try compare("equalize", 0.01) { $0.equalize() }
    // Pillow rounds down.
    try compare("autocontrast", 1.01) { $0.stretch() }
  }

  /// Pillow rounds the blurred image and the result.
  @Test(arguments: [0, 0.4, 1, 1.7]) func detailsAreScaled(_ factor: Double) throws {
    for pixels in Self.images {
      let expression = "ImageEnhance.Sharpness(image).enhance(\(factor))"
      guard let expected = try pillow(pixels, rows: 20, expression) else { return }
      var image = try planes(pixels, rows: 20)
      image.scaleSharpness(by: Float(factor), 0...1)
      expectNear(image, expected, 1.6)
    }
    var small = try planes([1, 200, 3, 4], rows: 2)
    small.scaleSharpness(by: 0, 0...1)
    #expect(small.pixels == (try planes([1, 200, 3, 4], rows: 2)).pixels)
  }

  /// Each plane has its own levels.
  @Test func planesAreSeparate() throws {
    var image = try PixelPlanes([0.2, 0.4, 0.5, 0.9], shape: [2, 1, 2], needsImage: true)
    image.stretch()
    #expect(image.pixels == [0, 1, 0, 1])
  }

  /// Colors from 0.2 to 0.8.
  private static let colors: PixelPlanes = {
    var image = ImageAugmentationTests.image(rows: 20, columns: 30)
    image.map { 0.2 + 0.6 * $0 }
    return image
  }()

  /// With full strength and both signs, each step except the identity does something; without strength, only those do that
  /// have none.
  @Test(arguments: RandAugmentStep.allCases, [1.0, -1.0]) func stepsOfRandAugment(_ step: RandAugmentStep, sign: Double)
    throws
  {
    let original = Self.colors
    func changed(strength: Double) throws -> PixelPlanes {
      var image = original
      try image.apply(step, strength: strength, sign: sign, Resampler(.nearest, .constant, 0, "test"))
      #expect(image.shape == original.shape && image.pixels.allSatisfy { $0 >= 0 && $0 <= 1 })
      return image
    }
    #expect(try (changed(strength: 1).pixels == original.pixels) == (step == .identity))
    if step == .autoContrast || step == .equalization { return }
    let differences = zip(try changed(strength: 0).pixels, original.pixels).map { ($0 - $1).magnitude }
    // Posterization with 8 bits rounds.
    #expect(differences.allSatisfy { $0 <= (step == .posterization ? 1.0 / 255 : 1e-6) })
  }

  @Test func randAugmentDrawsItsSteps() throws {
    let numbers = Self.colors.pixels
    let data = TensorDataset(Tensor(numbers, shape: [1, 3, 20, 30]), Tensor(integers: [0]))
    let drawn = try (0..<200).map { seed in
      try data.augmented(.randAugment(operations: 1, magnitude: 15), seed: seed).batch(at: [0]).input.scalars()
    }
    // One of 13 steps changes nothing; signs make two of most others.
    #expect((4...32).contains(drawn.count { $0 == numbers }))
    #expect(Set(drawn).count >= 16)
    #expect(try data.augmented(.randAugment(), seed: 3).original.batch(at: [0]).input.scalars() == numbers)
  }
}
