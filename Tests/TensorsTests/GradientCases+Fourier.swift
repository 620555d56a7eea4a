import Tensors

extension GradientCase {
  private static func spectrum(
    _ name: String, _ shape: [Int], _ function: @escaping @Sendable (Spectrum) -> Tensor
  ) -> GradientCase {
    GradientCase(name, .signed(shape), .signed(shape)) { function(Spectrum(real: $0[0], imaginary: $0[1])) }
  }

  /// Curvature makes second derivatives nonzero: the transforms themselves are linear.
  static let fourier: [GradientCase] = [
    of("realFourierTransform", [2, 5]) { $0.realFourierTransform().power() },
    of("realFourierTransform, zeros", [3, 2]) { $0.realFourierTransform(length: 6, axis: 0).magnitude() },
    of("fourierTransform", [2, 3, 2]) { $0.fourierTransform(axes: [1, 0]).phase() },
    // Two factors, and Bluestein's transform; few numbers, because differences take one call for each of them.
    of("fourierTransform, two factors", [1, 3]) { $0.fourierTransform(length: 129).power()[0, ..<9] },
    of("fourierTransform, prime length", [1, 3]) { $0.fourierTransform(length: 257).power()[0, ..<9] },
    spectrum("inverseFourierTransform", [2, 4]) { $0.inverseFourierTransform(normalization: .ortho).power() },
    spectrum("inverseRealFourierTransform", [3, 2]) { $0.inverseRealFourierTransform(length: 5, axis: 0).squared() },
    spectrum("product", [2, 3]) { ($0 * $0 / Spectrum(real: $0.imaginary, imaginary: $0.real)).power() },
    of("shortTimeFourierTransform", [2, 9]) { x in
      let window = Tensor([0.5, 1, 0.75], dtype: x.dtype, on: x.device)
      return x.shortTimeFourierTransform(size: 4, hop: 3, window: window).power()
    },
    spectrum("inverseShortTimeFourierTransform", [3, 4]) { x in
      let window = Tensor([0.5, 1, 0.75], dtype: x.real.dtype, on: x.real.device)
      return x.inverseShortTimeFourierTransform(size: 4, hop: 2, window: window).squared()
    },
    of("melSpectrogram", [20]) { x in
      x.melSpectrogram(MelFilters(count: 3, sampleRate: 8000), size: 8, exponent: 1.5).decibels(dynamicRange: nil)
    },
    of("melCepstrum", [20]) { $0.melCepstrum(2, MelFilters(count: 3, sampleRate: 8000), size: 8) },
  ]
}
