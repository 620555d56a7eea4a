import BackendCore

// The frequencies that belong to the positions of a spectrum.

extension Tensor {
  /// Returns the frequencies of `fourierTransform`: `[0, 1, …, −2, −1] / (count · spacing)`, of which the positive ones
  /// come first (PyTorch's and NumPy's `fftfreq`).
  /// - Parameters:
  ///   - count: The number of samples, at least 1.
  ///   - spacing: The distance of samples; 1 divided by the sample rate in hertz gives frequencies in hertz.
  ///   - device: The device of the result.
  public static func fourierFrequencies(_ count: Int, spacing: Double = 1, on device: Device = .cpu) -> Tensor {
    frequencies("fourierFrequencies", count, spacing, count, device) { 2 * $0 < count ? $0 : $0 - count }
  }

  /// Returns the frequencies of `realFourierTransform`: `[0, 1, …, count/2] / (count · spacing)` (PyTorch's and NumPy's
  /// `rfftfreq`).
  /// - Parameters:
  ///   - count: The number of samples, at least 1.
  ///   - spacing: The distance of samples; 1 divided by the sample rate in hertz gives frequencies in hertz.
  ///   - device: The device of the result.
  public static func realFourierFrequencies(_ count: Int, spacing: Double = 1, on device: Device = .cpu) -> Tensor {
    frequencies("realFourierFrequencies", count, spacing, count / 2 + 1, device) { $0 }
  }

  private static func frequencies(
    _ name: StaticString, _ count: Int, _ spacing: Double, _ results: Int, _ device: Device, _ number: (Int) -> Int
  ) -> Tensor {
    checked {
      if !(1...Int(Int32.max)).contains(count) { try Checks.fail(name, "a count of \(count); it is at least 1") }
      if !spacing.isFinite || spacing == 0 {
        try Checks.fail(name, "a spacing of \(spacing); it is a number other than 0")
      }
      return Tensor((0..<results).map { Double(number($0)) / (Double(count) * spacing) }, on: device)
    }
  }

  /// Moves frequency 0 to the middle of axes: position n/2 of n (PyTorch's and NumPy's `fftshift`). For all element
  /// types.
  /// - Parameter axes: The axes; all of them by default.
  public func fourierShifted(axes: [Int]? = nil) -> Tensor {
    checked {
      let axes = axes ?? Array(extents.axes)
      _ = try Checks.axes("fourierShifted", axes, extents)
      return axes.reduce(self) { $0.rolled(by: $0.extents[$1] / 2, axis: $1) }
    }
  }

  /// Moves frequency 0 from the middle of axes to their start, the inverse of `fourierShifted` (PyTorch's and NumPy's
  /// `ifftshift`). For all element types.
  /// - Parameter axes: The axes; all of them by default.
  public func inverseFourierShifted(axes: [Int]? = nil) -> Tensor {
    checked {
      let axes = axes ?? Array(extents.axes)
      _ = try Checks.axes("inverseFourierShifted", axes, extents)
      return axes.reduce(self) { $0.rolled(by: -($0.extents[$1] / 2), axis: $1) }
    }
  }
}
