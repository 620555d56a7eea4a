import BackendCore

/// The factors of a Fourier transform of n numbers and of its inverse, with the names of PyTorch and NumPy.
public enum FourierNormalization: String, Codable, Sendable, Hashable, CaseIterable {
  /// 1 for the transform, 1/n for the inverse.
  case backward
  /// 1/√n for both: lengths of vectors do not change.
  case ortho
  /// 1/n for the transform, 1 for the inverse.
  case forward

  fileprivate func factor(_ count: Int, isInverse: Bool) -> Double {
    switch self {
    case .ortho: 1 / Double(count).squareRoot()
    case .backward: isInverse ? 1 / Double(count) : 1
    case .forward: isInverse ? 1 : 1 / Double(count)
    }
  }
}

extension Tensor {
  /// Returns the discrete Fourier transform of real numbers along an axis, without the half that follows from symmetry:
  /// Yₖ = Σⱼ xⱼ·exp(−2πi·j·k/n) for 0 ≤ k ≤ n/2 (PyTorch's and NumPy's `rfft`).
  ///
  /// Lengths with many small factors are the fastest; with a prime factor above 256, a transform takes several times as
  /// long. Like all transforms, it has gradients of every order.
  /// - Parameters:
  ///   - length: n; the tensor is cut to it, or zeros are added. By default, the extent of the axis.
  ///   - axis: The axis; the last one by default.
  ///   - normalization: The factor of the result; 1 by default.
  public func realFourierTransform(
    length: Int? = nil, axis: Int = -1, normalization: FourierNormalization = .backward
  ) -> Spectrum {
    checked {
      let axis = try FourierAxis("realFourierTransform", self, axis, length, normalization)
      return axis.spectrum(try axis.transform(axis.columns(self), .half))
    }
  }

  /// Returns the discrete Fourier transform of real numbers along an axis: Yₖ = Σⱼ xⱼ·exp(−2πi·j·k/n) for 0 ≤ k < n
  /// (PyTorch's and NumPy's `fft`). `realFourierTransform` takes about half the time.
  /// - Parameters:
  ///   - length: n; the tensor is cut to it, or zeros are added. By default, the extent of the axis.
  ///   - axis: The axis; the last one by default.
  ///   - normalization: The factor of the result; 1 by default.
  public func fourierTransform(
    length: Int? = nil, axis: Int = -1, normalization: FourierNormalization = .backward
  ) -> Spectrum {
    checked {
      let axis = try FourierAxis("fourierTransform", self, axis, length, normalization)
      return axis.spectrum(try axis.transform(axis.columns(self), .complex))
    }
  }

  /// Returns the discrete Fourier transform of real numbers along several axes, without the half of the last one that
  /// follows from symmetry (PyTorch's `rfftn`; `rfft2` for two axes).
  ///
  /// ```swift
  /// let spectra = images.realFourierTransform(axes: [-2, -1])   // [N, C, H, W] → [N, C, H, W/2 + 1]
  /// ```
  /// - Parameters:
  ///   - axes: The axes; the last one of them is halved.
  ///   - lengths: The number of elements along each of the axes; by default, their extents.
  ///   - normalization: The factor of the result; 1 by default.
  public func realFourierTransform(
    axes: [Int], lengths: [Int]? = nil, normalization: FourierNormalization = .backward
  ) -> Spectrum {
    checked {
      let lengths = try FourierAxis.lengths("realFourierTransform", self, axes, lengths)
      guard let last = axes.last else { return Spectrum(self, .zeros(like: self)) }
      let half = realFourierTransform(length: lengths.last, axis: last, normalization: normalization)
      return half.fourierTransform(
        axes: axes.dropLast(), lengths: lengths.dropLast(), normalization: normalization)
    }
  }

  /// Returns the discrete Fourier transform of real numbers along several axes (PyTorch's `fftn`; `fft2` for two axes).
  /// - Parameters:
  ///   - axes: The axes.
  ///   - lengths: The number of elements along each of the axes; by default, their extents.
  ///   - normalization: The factor of the result; 1 by default.
  public func fourierTransform(
    axes: [Int], lengths: [Int]? = nil, normalization: FourierNormalization = .backward
  ) -> Spectrum {
    checked {
      let lengths = try FourierAxis.lengths("fourierTransform", self, axes, lengths)
      guard let last = axes.last else { return Spectrum(self, .zeros(like: self)) }
      let first = fourierTransform(length: lengths.last, axis: last, normalization: normalization)
      return first.fourierTransform(
        axes: axes.dropLast(), lengths: lengths.dropLast(), normalization: normalization)
    }
  }
}

extension Spectrum {
  /// Returns the discrete Fourier transform of complex numbers along an axis (PyTorch's and NumPy's `fft`).
  /// - Parameters:
  ///   - length: n; the numbers are cut to it, or zeros are added. By default, the extent of the axis.
  ///   - axis: The axis; the last one by default.
  ///   - normalization: The factor of the result; 1 by default.
  public func fourierTransform(
    length: Int? = nil, axis: Int = -1, normalization: FourierNormalization = .backward
  ) -> Spectrum {
    checked {
      let axis = try FourierAxis("fourierTransform", real, axis, length, normalization)
      return axis.spectrum(try axis.transform(axis.columns(self), .complex))
    }
  }

  /// Returns the inverse of `fourierTransform`: xⱼ = 1/n · Σₖ Yₖ·exp(2πi·j·k/n) (PyTorch's and NumPy's `ifft`).
  /// - Parameters:
  ///   - length: n; the numbers are cut to it, or zeros are added. By default, the extent of the axis.
  ///   - axis: The axis; the last one by default.
  ///   - normalization: The factor of the result; 1/n by default.
  public func inverseFourierTransform(
    length: Int? = nil, axis: Int = -1, normalization: FourierNormalization = .backward
  ) -> Spectrum {
    checked {
      let axis = try FourierAxis("inverseFourierTransform", real, axis, length, normalization, isInverse: true)
      return axis.spectrum(try axis.transform(axis.columns(self), .complex))
    }
  }

  /// Returns the inverse of `realFourierTransform` (PyTorch's and NumPy's `irfft`). The imaginary parts of the first
  /// number and, if n is even, of number n/2 have no effect.
  /// - Parameters:
  ///   - length: n; of the frequencies, the first n/2 + 1 are used, or zeros are added. By default, 2·(extent − 1),
  ///     which is even: give the length of a signal that is odd.
  ///   - axis: The axis; the last one by default.
  ///   - normalization: The factor of the result; 1/n by default.
  public func inverseRealFourierTransform(
    length: Int? = nil, axis: Int = -1, normalization: FourierNormalization = .backward
  ) -> Tensor {
    checked {
      let name: StaticString = "inverseRealFourierTransform"
      let position = try Checks.axis(name, axis, real.extents)
      if length == nil && real.extents[position] == 1 {
        try Checks.fail(
          name, "a length of 0 along axis \(axis) of shape \(real.extents)", hint: "give the length of the result")
      }
      let length = length ?? 2 * (real.extents[position] - 1)
      let axis = try FourierAxis(name, real, axis, length, normalization, isInverse: true)
      return axis.tensor(try axis.transform(axis.halfColumns(self), .real))
    }
  }

  /// Returns the discrete Fourier transform of complex numbers along several axes (PyTorch's `fftn`; `fft2` for two
  /// axes).
  /// - Parameters:
  ///   - axes: The axes.
  ///   - lengths: The number of elements along each of the axes; by default, their extents.
  ///   - normalization: The factor of the result; 1 by default.
  public func fourierTransform(
    axes: [Int], lengths: [Int]? = nil, normalization: FourierNormalization = .backward
  ) -> Spectrum {
    checked {
      let lengths = try FourierAxis.lengths("fourierTransform", real, axes, lengths)
      return zip(axes, lengths).reduce(self) {
        $0.fourierTransform(length: $1.1, axis: $1.0, normalization: normalization)
      }
    }
  }

  /// Returns the inverse of `fourierTransform` along several axes (PyTorch's `ifftn`; `ifft2` for two axes).
  /// - Parameters:
  ///   - axes: The axes.
  ///   - lengths: The number of elements along each of the axes; by default, their extents.
  ///   - normalization: The factor of the result; 1/n by default, with the product n of the lengths.
  public func inverseFourierTransform(
    axes: [Int], lengths: [Int]? = nil, normalization: FourierNormalization = .backward
  ) -> Spectrum {
    checked {
      let lengths = try FourierAxis.lengths("inverseFourierTransform", real, axes, lengths)
      return zip(axes, lengths).reduce(self) {
        $0.inverseFourierTransform(length: $1.1, axis: $1.0, normalization: normalization)
      }
    }
  }

  /// Returns the inverse of `realFourierTransform` along several axes (PyTorch's `irfftn`; `irfft2` for two axes).
  /// - Parameters:
  ///   - axes: At least one axis; the last one of them is the halved one.
  ///   - lengths: The number of elements of the result along each of the axes; by default, their extents, and
  ///     2·(extent − 1) for the last one.
  ///   - normalization: The factor of the result; 1/n by default, with the product n of the lengths.
  public func inverseRealFourierTransform(
    axes: [Int], lengths: [Int]? = nil, normalization: FourierNormalization = .backward
  ) -> Tensor {
    checked {
      let name: StaticString = "inverseRealFourierTransform"
      guard let last = axes.last else { try Checks.fail(name, "no axes; the last one is halved") }
      let known = try FourierAxis.lengths(name, real, axes, lengths)
      let others = inverseFourierTransform(
        axes: axes.dropLast(), lengths: known.dropLast(), normalization: normalization)
      return others.inverseRealFourierTransform(length: lengths?.last, axis: last, normalization: normalization)
    }
  }
}

/// An axis that is transformed.
private struct FourierAxis {
  private let axis: Int
  private let length: Int
  private let isInverse: Bool
  private let scale: Double
  /// The extents of the other axes.
  private let others: [Int]

  init(
    _ name: StaticString, _ x: Tensor, _ axis: Int, _ length: Int?, _ normalization: FourierNormalization,
    isInverse: Bool = false
  ) throws {
    try Checks.kernelArithmetic(name, x)
    self.axis = try Checks.axis(name, axis, x.extents)
    let extent = x.extents[self.axis]
    self.length = length ?? extent
    // Positions of twice the length are counted.
    if extent < 1 || !(1...Int(Int32.max)).contains(self.length) {
      try Checks.fail(
        name, "a length of \(self.length) along axis \(axis) of shape \(x.extents); both are at least 1")
    }
    self.isInverse = isInverse
    scale = normalization.factor(self.length, isInverse: isInverse)
    var others = x.shape
    others.remove(at: self.axis)
    self.others = others
  }

  /// Returns the length for each axis.
  static func lengths(_ name: StaticString, _ x: Tensor, _ axes: [Int], _ lengths: [Int]?) throws -> [Int] {
    _ = try Checks.axes(name, axes, x.extents)
    if let lengths, lengths.count != axes.count {
      try Checks.fail(name, "\(lengths.count) lengths for \(axes.count) axes of shape \(x.extents)")
    }
    return lengths ?? axes.map { x.extents[$0] }
  }

  // MARK: Columns

  /// Returns the first numbers along the axis: `[1, numbers, columns]`.
  func columns(_ x: Tensor) -> Tensor { plane(x, length) }

  /// Returns the first numbers along the axis: `[2, numbers, columns]`.
  func columns(_ x: Spectrum) -> Tensor { .concatenated([plane(x.real, length), plane(x.imaginary, length)]) }

  /// Returns the lower half of a spectrum so that the real parts of its transform are those of the whole spectrum: the
  /// numbers that stand for two have twice their size.
  func halfColumns(_ x: Spectrum) -> Tensor {
    let half = Tensor.concatenated([plane(x.real, length / 2 + 1), plane(x.imaginary, length / 2 + 1)])
    let count = half.extents[1]
    return half * half.table([count, 1]) { (0..<count).map { $0 == 0 || 2 * $0 == length ? 1 : 2 } }
  }

  private func plane(_ x: Tensor, _ count: Int) -> Tensor {
    let known = Swift.min(count, x.extents[axis])
    return x.narrowed(axis: axis, from: 0, count: known).movedAxis(from: axis, to: 0)
      .reshaped([1, known, others.reduce(1, *)])
  }

  func transform(_ columns: Tensor, _ output: FourierOutput) throws -> Tensor {
    try FourierStages(length, isInverse: isInverse)(columns, output, scale: scale)
  }

  /// Returns the tensor of one plane.
  func tensor(_ plane: Tensor) -> Tensor {
    plane.reshaped([plane.extents[1]] + others).movedAxis(from: 0, to: axis)
  }

  func spectrum(_ planes: Tensor) -> Spectrum {
    Spectrum(
      tensor(planes.narrowed(axis: 0, from: 0, count: 1)), tensor(planes.narrowed(axis: 0, from: 1, count: 1)))
  }
}
