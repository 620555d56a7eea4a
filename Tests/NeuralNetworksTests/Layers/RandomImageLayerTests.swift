import Testing

@testable import NeuralNetworks

/// Layers that vary images in training.
@Suite struct RandomImageLayerTests {
  /// Colors from 0 to 1, different in each pixel of an image and the same in all images.
  static func images(_ count: Int, _ shape: [Int] = [3, 6, 5], on device: Device = .cpu) -> Tensor {
    let size = shape.reduce(1, *)
    let numbers = (0..<count * size).map { Float(($0 % size * 37 + 5) % 101) / 101 }
    return Tensor(numbers, shape: [count] + shape, on: device)
  }

  static let layers: [@Sendable () -> any RandomImageLayer] = [
    { RandomFlip() }, { RandomCrop([4, 3]) }, { RandomErasing(0.9) }, { RandomRotation(degrees: 40) },
    { RandomZoom(scale: 0.5...2) }, { RandomTranslation(rows: 0.3, columns: 0.4, fillMode: .wrap) },
    { RandomAffine(degrees: 9, rows: 0.1, columns: 0.1, scale: 0.9...1.1, shear: 9, fillMode: .constant) },
    { RandomBrightness(0.2) }, { RandomContrast(0.4) },
    { RandomColorJitter(brightness: 0.1, contrast: 0.1, saturation: 0.3, hue: 0.2) }, { RandomGrayscale(0.5) },
    { RandomGaussianBlur(kernel: 3) },
  ]

  private func varied(_ layer: any Layer, _ images: Tensor, seed: UInt64 = 1) -> Tensor {
    layer(images, .training(RandomStream(seed: seed)))
  }

  /// In inference, layers do nothing, and crops are those of `CenterCrop`. In training, images differ from each other and
  /// from those of other draws, on every device in the same way.
  @Test(arguments: TestDevices.all, layers.indices) func onlyTrainingVaries(_ device: Device, _ index: Int) throws {
    let layer = Self.layers[index]()
    let images = Self.images(16, on: device)
    let plain = layer is RandomCrop ? CenterCrop([4, 3])(images, .inference) : images
    #expect(try layer(images, .inference).scalars() == plain.scalars())
    let random = RandomStream(seed: 3)
    let first = layer(images, .training(random))
    let second = layer(images, .training(random))
    #expect(first.shape == plain.shape)
    #expect(try first.scalars() != second.scalars())
    let size = first.count / 16
    let numbers = try first.scalars()
    let kinds = Set((0..<16).map { Array(numbers[$0 * size..<($0 + 1) * size]) })
    #expect(kinds.count >= 2)
    // All devices draw the same numbers.
    let host = layer(Self.images(16), .training(RandomStream(seed: 3)))
    for (a, b) in zip(numbers, try host.scalars()) { #expect((a - b).magnitude < 1e-4) }
  }

  @Test(arguments: TestDevices.all) func mapsTurnScaleAndShift(_ device: Device) throws {
    let square = Self.images(2, [1, 5, 5], on: device)
    func number(_ first: Float, _ second: Float) -> Tensor {
      Tensor([first, second], shape: [2, 1, 1, 1], on: device)
    }
    let map = AffineMap(
      angle: number(.pi / 2, 0), scale: number(1, 2), tangent: number(0, 0), down: number(0, 0), right: number(0, 0))
    let found = square.warped(by: map.matrices(5, 5), method: .nearest, fillMode: .nearest)
    // Counterclockwise, as NumPy's rot90.
    #expect(try found[0..<1].scalars() == square[0..<1].rotated90(axes: (2, 3)).scalars())
    // Twice as large, the corners show the pixels at a distance of one from the center.
    #expect(try found[1, 0, 0, 0].item() == square[1, 0, 1, 1].item())
    #expect(try found[1, 0, 4, 4].item() == square[1, 0, 3, 3].item())
    let shift = AffineMap(
      angle: number(0, 0), scale: number(1, 1), tangent: number(0, 1), down: number(2, 0), right: number(-1, 0))
    let moved = square.warped(by: shift.matrices(5, 5), fillMode: .constant)
    #expect(try (moved[0, 0, 2..<5, 0..<4] - square[0, 0, 0..<3, 1..<5]).magnitude().max().item() < 1e-5)
    #expect(try moved[0, 0, 0..<2].magnitude().max().item() == 0)
    // A shear moves the row below the center by one column to the right.
    #expect(try (moved[1, 0, 3, 1..<5] - square[1, 0, 3, 0..<4]).magnitude().max().item() < 1e-5)
    #expect(try (moved[1, 0, 2] - square[1, 0, 2]).magnitude().max().item() < 1e-5)
  }

  /// Python's `colorsys`, with 0.2 added to the hue; torchvision's `adjust_saturation`.
  @Test(arguments: TestDevices.all) func colorsAreChangedByFormulas(_ device: Device) throws {
    let color = Tensor([0.9, 0.3, 0.2], shape: [1, 3, 1, 1], on: device)
    let turn = Tensor([0.2], shape: [1, 1, 1, 1], on: device)
    for (found, expected) in zip(try color.hueRotated(by: turn).scalars(), [0.66, 0.9, 0.2] as [Float]) {
      #expect((found - expected).magnitude < 1e-5)
    }
    let gray: Float = 0.2989 * 0.9 + 0.587 * 0.3 + 0.114 * 0.2
    let scaled = color.scaled(
      by: Tensor([1.5], shape: [1, 1, 1, 1], on: device), from: color.rgbToGrayscale(), 0...1)
    for (found, expected) in zip(try scaled.scalars(), [1, 0.45 - 0.5 * gray, 0.3 - 0.5 * gray]) {
      #expect((found - expected).magnitude < 1e-5)
    }
  }

  @Test(arguments: TestDevices.all) func halfOfTheImagesAreFlipped(_ device: Device) throws {
    let images = Self.images(400, [1, 2, 3], on: device)
    let numbers = try varied(RandomFlip(), images).scalars()
    var counts: [[Float]: Int] = [:]
    for index in 0..<400 { counts[Array(numbers[index * 6..<(index + 1) * 6]), default: 0] += 1 }
    let image = images[0..<1]
    let kinds = [image, image.flipped(axis: 2), image.flipped(axis: 3), image.flipped(axes: [2, 3])]
    #expect(try Set(counts.keys) == Set(kinds.map { try $0.scalars() }))
    #expect(counts.values.allSatisfy { (65...135).contains($0) })
    let horizontal = try Set(varied(RandomFlip(.horizontal), images)[.all, 0, 0, 0].scalars())
    #expect(try horizontal == Set([image, image.flipped(axis: 3)].map { Float(try $0[0, 0, 0, 0].item()) }))
  }

  @Test(arguments: TestDevices.all) func cropsAreWindows(_ device: Device) throws {
    var images = Self.images(300, [2, 3, 5], on: device)
    let found = varied(RandomCrop([2, 3]), images)
    let corners = try Set(found[.all, 0, 0, 0].scalars())
    let expected = try Set(images[0, 0, 0..<2, 0..<3].scalars())
    #expect(corners == expected && corners.count == 6)
    // All of a window moves together, and pixels that are no numbers do not spread.
    let numbers = try found.scalars()
    for index in 0..<300 {
      let window = Array(numbers[index * 12..<(index + 1) * 12])
      let isThere = try (0..<2).contains { top in
        try (0..<3).contains { left in
          try images[0, .all, top..<top + 2, left..<left + 3].scalars() == window
        }
      }
      #expect(isThere)
    }
    images = images.replacing(with: .nan, where: images .== Double(expected.first ?? 0))
    let nans = try varied(RandomCrop([2, 3]), images).isNaN().cast(to: .float32).sum(axes: [1, 2, 3]).max().item()
    #expect(nans <= 1)
  }

  @Test(arguments: TestDevices.all) func rangesAreThoseGiven(_ device: Device) throws {
    let flat = Tensor.full([500, 1, 1, 2], 0.5, on: device)
    let sums = try (varied(RandomBrightness(0.2), flat)[.all, 0, 0, 0] - 0.5).scalars()
    #expect(sums.allSatisfy { $0.magnitude <= 0.20001 } && sums.contains { $0 > 0.19 } && sums.contains { $0 < -0.19 })
    let slope = Tensor([0.25, 0.75], shape: [1, 1, 1, 2], on: device).broadcast(to: [500, 1, 1, 2])
    let factors = try (4 * (varied(RandomContrast(0.5), slope)[.all, 0, 0, 1] - 0.5)).scalars()
    #expect(factors.allSatisfy { $0 > 0.4999 && $0 < 1.5001 } && factors.contains { $0 > 1.45 })
    #expect(factors.contains { $0 < 0.55 })
    let gray = varied(RandomGrayscale(0.3), Self.images(500, [3, 1, 1], on: device))
    let grays = try (gray[.all, 0] .== gray[.all, 1]).cast(to: .float32).sum().item()
    #expect((105...195).contains(grays))
  }

  @Test(arguments: TestDevices.all) func erasedRectanglesHaveTheirArea(_ device: Device) throws {
    let ones = Tensor.ones([300, 2, 40, 50], on: device)
    let found = varied(RandomErasing(0.5, scale: 0.1...0.3, fillValue: 7), ones)
    let erased = (found .== 7).cast(to: .float32)
    #expect(try erased[.all, 0].scalars() == erased[.all, 1].scalars())
    let shares = try erased.mean(axes: [1, 2, 3]).scalars().filter { $0 > 0 }
    #expect((110...190).contains(shares.count) && shares.allSatisfy { $0 > 0.08 && $0 < 0.32 })
    let mean = shares.reduce(0, +) / Float(shares.count)
    #expect((mean - 0.2).magnitude < 0.02)
    // A rectangle of the whole image.
    let all = varied(RandomErasing(1, scale: 1...1, ratio: 1...1, fillValue: 7), .ones([2, 1, 4, 4], on: device))
    #expect(try all.scalars().allSatisfy { $0 == 7 })
  }

  @Test func badSettingsAreNamed() {
    func message(_ layer: any Layer, _ input: [Int] = [3, 4, 4]) -> String {
      do {
        try layer.build(inputShape: input)
        return "built"
      } catch { return "\(error)" }
    }
    #expect(message(RandomFlip(), [4]).contains("an image [channels, height, width], not [4]"))
    #expect(message(RandomCrop([5, 2])).contains("5x2 is larger than the image of shape [3, 4, 4]"))
    #expect(message(RandomRotation(degrees: 181)).contains("an angle of 181.0; it is from 0.0 to 180.0"))
    #expect(message(RandomRotation(degrees: 9, method: .bicubic)).contains("the method bicubic"))
    #expect(message(RandomZoom(scale: 0...1)).contains("a scale of 0.0...1.0; it is from 0.01 to 100.0"))
    #expect(message(RandomTranslation(rows: -1, columns: 0)).contains("a shift of rows of -1.0"))
    #expect(message(RandomAffine(shear: .nan)).contains("a shear of nan"))
    #expect(message(RandomBrightness(2)).contains("a change of 2.0"))
    #expect(message(RandomContrast(0.1, values: 0...(.infinity))).contains("both bounds are finite"))
    #expect(message(RandomColorJitter(hue: 0.1), [1, 4, 4]).contains("an image has 3 colors"))
    #expect(message(RandomColorJitter(hue: 0.6)).contains("a hue of 0.6"))
    #expect(message(RandomGrayscale(-0.1)).contains("a probability of -0.1"))
    #expect(message(RandomGaussianBlur(kernel: 4)).contains("a kernel of 4 for an image of shape [3, 4, 4]"))
    #expect(message(RandomGaussianBlur(kernel: 9)).contains("less than twice the height and width"))
    #expect(message(RandomErasing(fillValue: .nan)).contains("a fill value of nan"))
    #expect(message(RandomErasing(scale: 0...2)).contains("a scale of 0.0...2.0"))
  }
}
