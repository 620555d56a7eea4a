import BackendCore

/// Complex numbers as two tensors of the same shape, for example the frequencies of a signal.
///
/// There is no complex element type: gradients, recordings, and all other functions of tensors work on the parts. The
/// components of a spectrum are those of `real + i·imaginary`.
///
/// ```swift
/// let spectrum = signal.realFourierTransform()
/// let smooth = (spectrum * response).inverseRealFourierTransform()
/// ```
public struct Spectrum: Sendable {
  /// The real parts.
  public let real: Tensor
  /// The imaginary parts.
  public let imaginary: Tensor

  /// Creates complex numbers from their parts, which have the same shape, floating-point type, and device.
  public init(real: Tensor, imaginary: Tensor) {
    self = checked {
      try Checks.floatingPoint("Spectrum", real)
      try Checks.sameDType("Spectrum", real, imaginary)
      _ = try Checks.sameDevice("Spectrum", real, imaginary)
      if real.extents != imaginary.extents {
        try Checks.fail("Spectrum", "the parts have the shapes \(real.extents) and \(imaginary.extents)")
      }
      return Spectrum(real, imaginary)
    }
  }

  /// Creates complex numbers from magnitudes and phases in radians: magnitude · (cos(phase) + i·sin(phase)) (PyTorch's
  /// `polar`).
  public init(magnitude: Tensor, phase: Tensor) {
    self.init(real: magnitude * phase.cos(), imaginary: magnitude * phase.sin())
  }

  init(_ real: Tensor, _ imaginary: Tensor) { (self.real, self.imaginary) = (real, imaginary) }

  /// The extents of both parts.
  public var shape: [Int] { real.shape }

  /// Returns √(real² + imaginary²), without overflow. The gradient at 0 is 0.
  public func magnitude() -> Tensor { real.hypot(imaginary) }

  /// Returns real² + imaginary².
  public func power() -> Tensor { real.squared() + imaginary.squared() }

  /// Returns the angle in radians, from −π to π.
  public func phase() -> Tensor { imaginary.atan2(real) }

  /// Returns the numbers with imaginary parts of the opposite sign.
  public func conjugate() -> Spectrum { Spectrum(real, -imaginary) }

  /// Returns the result of a function of tensors for both parts, such as a change of the shape.
  ///
  /// ```swift
  /// let low = spectrum.mapped { $0[.ellipsis, ..<64] }
  /// ```
  public func mapped<E: Error>(_ function: (Tensor) throws(E) -> Tensor) throws(E) -> Spectrum {
    Spectrum(real: try function(real), imaginary: try function(imaginary))
  }
}

extension Spectrum: StandIn {
  package static func standIn(_ mistake: String) -> Spectrum {
    Spectrum(Tensor.standIn(mistake), Tensor.standIn(mistake))
  }
}

// MARK: Arithmetic

extension Spectrum {
  public static func + (a: Spectrum, b: Spectrum) -> Spectrum {
    Spectrum(a.real + b.real, a.imaginary + b.imaginary)
  }

  public static func - (a: Spectrum, b: Spectrum) -> Spectrum {
    Spectrum(a.real - b.real, a.imaginary - b.imaginary)
  }

  /// Returns products of complex numbers, with broadcasting. A product of spectra is the spectrum of a circular
  /// convolution.
  public static func * (a: Spectrum, b: Spectrum) -> Spectrum {
    Spectrum(
      a.real * b.real - a.imaginary * b.imaginary, a.real * b.imaginary + a.imaginary * b.real)
  }

  /// Returns products with real numbers, with broadcasting.
  public static func * (a: Spectrum, b: Tensor) -> Spectrum { Spectrum(a.real * b, a.imaginary * b) }

  /// Returns products with a real number.
  public static func * (a: Spectrum, b: some TensorOperand) -> Spectrum { Spectrum(a.real * b, a.imaginary * b) }

  /// Returns products with a real number.
  public static func * (a: some TensorOperand, b: Spectrum) -> Spectrum { b * a }

  /// Returns quotients of complex numbers, with broadcasting.
  public static func / (a: Spectrum, b: Spectrum) -> Spectrum {
    let product = a * b.conjugate()
    let power = b.power()
    return Spectrum(product.real / power, product.imaginary / power)
  }
}
