import BackendCore

extension Tensor {
  /// Returns the brightness of RGB images, 0.2989·R + 0.587·G + 0.114·B: `[…, 3, H, W]` → `[…, 1, H, W]` (Keras'
  /// `image.rgb_to_grayscale`, torchvision's `rgb_to_grayscale`).
  public func rgbToGrayscale() -> Tensor {
    checked {
      if dtype.isHalf { return inFloat32 { $0.rgbToGrayscale() } }
      let (red, green, blue) = try colors("rgbToGrayscale")
      return 0.2989 * red + 0.587 * green + 0.114 * blue
    }
  }

  /// Converts RGB images with values from 0 to 1 to hue, saturation, and value, each from 0 to 1: `[…, 3, H, W]` → the
  /// same shape (Keras' `image.rgb_to_hsv`). The hue is a fraction of a turn: 0 for red, 1/3 for green, 2/3 for blue, and
  /// 0 for gray. The saturation of black is 0.
  public func rgbToHSV() -> Tensor {
    checked {
      if dtype.isHalf { return inFloat32 { $0.rgbToHSV() } }
      let (red, green, blue) = try colors("rgbToHSV")
      let value = red.maximum(green).maximum(blue)
      let chroma = value - red.minimum(green).minimum(blue)
      let isGray = chroma.detached() .== 0
      let isRed = red.detached() .== value.detached()
      let isGreen = green.detached() .== value.detached()
      let divisor = chroma.replacing(with: 1, where: isGray)
      let fromBlue = (red - green) / divisor + 4
      let fromGreen = fromBlue.replacing(with: (blue - red) / divisor + 2, where: isGreen)
      let sixths = fromGreen.replacing(with: (green - blue) / divisor, where: isRed)
      let hue = (sixths / 6 - (sixths.detached() / 6).floor()).replacing(with: 0, where: isGray)
      let saturation = chroma / value.replacing(with: 1, where: value.detached() .== 0)
      return Tensor.concatenated([hue, saturation, value], axis: rank - 3)
    }
  }

  /// Converts images in hue, saturation, and value to RGB, the inverse of `rgbToHSV`: `[…, 3, H, W]` → the same shape
  /// (Keras' `image.hsv_to_rgb`). Hues are taken modulo 1.
  public func hsvToRGB() -> Tensor {
    checked {
      if dtype.isHalf { return inFloat32 { $0.hsvToRGB() } }
      let (hue, saturation, value) = try colors("hsvToRGB")
      // The distance of a color from its value is a trapezoid of period 1.
      let parts = [5.0, 3, 1].map { start in
        let turn = hue + start / 6
        let place = 6 * (turn - turn.detached().floor())
        return value - value * saturation * place.minimum(4 - place).clamped(to: 0...1)
      }
      return Tensor.concatenated(parts, axis: rank - 3)
    }
  }

  /// Returns the three channels of images.
  private func colors(_ name: StaticString) throws -> (Tensor, Tensor, Tensor) {
    try Checks.floatingPoint(name, self)
    guard rank >= 3, extents[rank - 3] == 3 else {
      try Checks.fail(name, "the input has the shape \(extents); it is […, 3, H, W]")
    }
    func channel(_ index: Int) -> Tensor { narrowed(axis: rank - 3, from: index, count: 1) }
    return (channel(0), channel(1), channel(2))
  }

  /// Blurs images with a Gaussian kernel whose weights have the sum 1: `[N, C, H, W]` → the same shape (torchvision's
  /// `gaussian_blur`; with `mode: .zeros`, Keras' `image.gaussian_blur`).
  /// - Parameters:
  ///   - kernel: The number of pixels in each direction, odd.
  ///   - deviation: The standard deviation in pixels, above 0.
  ///   - mode: The values of pixels outside of the images. For `.reflect`, height and width exceed half of the kernel.
  public func gaussianBlurred(kernel: Int, deviation: Double, mode: PaddingMode = .reflect) -> Tensor {
    checked {
      if dtype.isHalf { return inFloat32 { $0.gaussianBlurred(kernel: kernel, deviation: deviation, mode: mode) } }
      return try blurred("gaussianBlurred", kernel, deviation, mode)
    }
  }

  /// Blurs images with a deviation for each of them, `[N]`.
  package func gaussianBlurred(kernel: Int, deviations: Tensor, mode: PaddingMode = .reflect) -> Tensor {
    checked { try blurred("gaussianBlurred", kernel, deviations, mode) }
  }

  /// Blurs images with one deviation; without a mode, only where the kernel is inside of the images.
  func blurred(_ name: StaticString, _ kernel: Int, _ deviation: Double, _ mode: PaddingMode?) throws -> Tensor {
    if !(deviation > 0 && deviation.isFinite) {
      try Checks.fail(name, "a deviation of \(deviation) for shape \(extents); it is above 0")
    }
    // Smaller deviations have the same weights, but float32 could round them to 0.
    return try blurred(name, kernel, constant(Swift.max(deviation, 1e-6)).reshaped([1]), mode)
  }

  private func blurred(
    _ name: StaticString, _ kernel: Int, _ deviations: Tensor, _ mode: PaddingMode?
  ) throws -> Tensor {
    try Checks.floatingPoint(name, self)
    guard rank == 4, kernel >= 1, kernel % 2 == 1, kernel < 1 << 16 else {
      try Checks.fail(
        name, "a kernel of \(kernel) for shape \(extents)", hint: "kernels are odd, and images [N, C, H, W]")
    }
    let half = kernel / 2
    let distances = table([1, kernel]) { (-half...half).map(Double.init) }
    let bells = (-0.5 * (distances / deviations.expanded(axis: 1)).squared()).exp()
    let weights = (bells / bells.sum(axis: 1, keepingRank: true)).reshaped([-1, kernel, 1, 1, 1])
    return (2...3).reduce(self) { image, axis in
      var widths = [(before: Int, after: Int)](repeating: (0, 0), count: 4)
      widths[axis] = (half, half)
      let padded = mode.map { image.padded(widths, mode: $0) } ?? image
      let terms = (0..<kernel).map {
        padded.narrowed(axis: axis, from: $0, count: padded.extents[axis] - 2 * half) * weights[.all, $0]
      }
      return terms.dropFirst().reduce(terms[0], +)
    }
  }
}
