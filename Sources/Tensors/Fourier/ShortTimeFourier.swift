import BackendCore
import HostSystem

extension Tensor {
  /// Returns the Fourier transforms of overlapping frames of a signal: `[..., samples]` → `[..., size/2 + 1, frames]`
  /// (PyTorch's `stft`).
  ///
  /// Frame t begins at sample t·hop. A centered one has that sample in its middle: half of the size is added at both
  /// ends of the signal, so there are samples/hop + 1 frames of an even size; otherwise, there are
  /// (samples − size)/hop + 1, and at least one must fit.
  ///
  /// ```swift
  /// let window = Tensor.window(.hann, count: 400)
  /// let power = signal.shortTimeFourierTransform(size: 400, hop: 160, window: window).power()
  /// ```
  /// - Parameters:
  ///   - size: The number of samples of a frame. The fastest ones have small factors.
  ///   - hop: The number of samples from one frame to the next; a quarter of the size by default.
  ///   - window: Factors of the samples of a frame. If there are fewer than the size, they are placed in the middle,
  ///     between zeros. By default, all are 1; a Hann window is usual.
  ///   - isCentered: Whether the signal is padded, so that frames are centered.
  ///   - padding: How it is padded; mirrored by default.
  ///   - isNormalized: Whether the transforms are divided by √size.
  ///   - isOneSided: Whether the frequencies above size/2, which follow from symmetry, are left out.
  public func shortTimeFourierTransform(
    size: Int, hop: Int? = nil, window: Tensor? = nil, isCentered: Bool = true, padding: PaddingMode = .reflect,
    isNormalized: Bool = false, isOneSided: Bool = true
  ) -> Spectrum {
    checked {
      let name: StaticString = "shortTimeFourierTransform"
      try Checks.floatingPoint(name, self)
      if rank < 1 { try Checks.fail(name, "the shape is \(extents); signals are [..., samples]") }
      let frames = try SignalFrames(name, size: size, hop: hop)
      let leading = shape.dropLast()
      var signal = reshaped([leading.reduce(1, *), extents[-1]])
      if isCentered { signal = signal.padded([(0, 0), (size / 2, size / 2)], mode: padding) }
      var values = try frames.split(name, signal)
      if let window { values = values * (try frames.column(name, window, like: self)) }
      let normalization = isNormalized ? FourierNormalization.ortho : .backward
      let spectrum =
        isOneSided
        ? values.realFourierTransform(axis: 1, normalization: normalization)
        : values.fourierTransform(axis: 1, normalization: normalization)
      return spectrum.mapped { $0.reshaped(leading + [$0.extents[1], $0.extents[2]]) }
    }
  }
}

extension Spectrum {
  /// Returns the signal of `shortTimeFourierTransform`: `[..., size/2 + 1, frames]` → `[..., samples]` (PyTorch's
  /// `istft`).
  ///
  /// The frames are multiplied by the window, added, and divided by the sum of the squared windows, which gives the
  /// signal with the least squared difference of its transforms (Griffin and Lim 1984). Samples that no window covers
  /// are 0 (PyTorch refuses them).
  /// - Parameters:
  ///   - size: The number of samples of a frame.
  ///   - hop: The number of samples from one frame to the next; a quarter of the size by default.
  ///   - window: Factors of the samples of a frame; by default, all are 1.
  ///   - isCentered: Whether the signal was padded by half of the size at both ends, which is removed.
  ///   - isNormalized: Whether the transforms were divided by √size.
  ///   - isOneSided: Whether the frequencies above size/2 are left out.
  ///   - length: The number of samples; the signal is cut to it, or zeros are added. By default, all that the frames
  ///     cover.
  public func inverseShortTimeFourierTransform(
    size: Int, hop: Int? = nil, window: Tensor? = nil, isCentered: Bool = true, isNormalized: Bool = false,
    isOneSided: Bool = true, length: Int? = nil
  ) -> Tensor {
    checked {
      let name: StaticString = "inverseShortTimeFourierTransform"
      let frames = try SignalFrames(name, size: size, hop: hop)
      let frequencies = isOneSided ? size / 2 + 1 : size
      if real.rank < 2 || real.extents[-2] != frequencies || real.extents[-1] < 1 {
        try Checks.fail(
          name, "the shape is \(real.extents)", hint: "spectra of this size are [..., \(frequencies), frames]")
      }
      if let length, !(0...Int(Int32.max)).contains(length) { try Checks.fail(name, "a length of \(length)") }
      let leading = shape.dropLast(2)
      let spectrum = mapped { $0.reshaped([leading.reduce(1, *), frequencies, real.extents[-1]]) }
      let normalization = isNormalized ? FourierNormalization.ortho : .backward
      let values =
        isOneSided
        ? spectrum.inverseRealFourierTransform(length: size, axis: 1, normalization: normalization)
        : spectrum.inverseFourierTransform(axis: 1, normalization: normalization).real
      let factors =
        try window.map { try frames.column(name, $0, like: real) }
        ?? .ones([size, 1], dtype: real.dtype, on: real.device)
      let weights = factors.squared().broadcast(to: [1, size, real.extents[-1]])
      let sums = try frames.joined(name, weights)
      let signal = try frames.joined(name, values * factors) / sums.replacing(with: 1, where: sums .<= 1e-11)
      return signal.cut(isCentered ? size / 2 : 0, length).reshaped(leading + [-1])
    }
  }
}

extension Tensor {
  /// Removes a number of samples at both ends of `[signals, samples]`, or as many at the end as the length requires.
  fileprivate func cut(_ margin: Int, _ length: Int?) -> Tensor {
    let available = Swift.max(extents[1] - margin, 0)
    let wanted = length ?? Swift.max(available - margin, 0)
    let known = narrowed(axis: 1, from: Swift.min(margin, extents[1]), count: Swift.min(wanted, available))
    return known.padded([(0, 0), (0, wanted - known.extents[1])])
  }
}

/// Overlapping frames of signals. A frame consists of pieces as long as the hop, of which each is also a piece of
/// other frames: no table of positions is needed.
private struct SignalFrames {
  let size, hop: Int
  /// The number of pieces of a frame, of which the last one may be incomplete.
  private let pieces: Int

  init(_ name: StaticString, size: Int, hop: Int?) throws {
    let hop = hop ?? Swift.max(size / 4, 1)
    if !(1...Int(Int32.max)).contains(size) || !(1...Int(Int32.max)).contains(hop) {
      try Checks.fail(name, "a size of \(size) and a hop of \(hop); both are at least 1")
    }
    (self.size, self.hop, pieces) = (size, hop, size.dividedRoundingUp(by: hop))
  }

  /// Returns a window in the middle of a column.
  func column(_ name: StaticString, _ window: Tensor, like x: Tensor) throws -> Tensor {
    if window.rank != 1 || window.count > size {
      try Checks.fail(name, "the window has the shape \(window.extents); it is a vector of at most \(size) numbers")
    }
    try Checks.sameDType(name, x, window)
    let left = (size - window.count) / 2
    return window.padded([(left, size - window.count - left)]).expanded(axis: 1)
  }

  /// Returns the frames of signals: `[signals, samples]` → `[signals, size, frames]`.
  func split(_ name: StaticString, _ signal: Tensor) throws -> Tensor {
    let samples = signal.extents[1]
    if samples < size {
      try Checks.fail(name, "\(samples) samples (shape \(signal.extents)) are less than a frame of \(size)")
    }
    let count = 1 + (samples - size) / hop
    let needed = try Checks.repeated(name, hop, count + pieces - 1, signal.extents)
    let columns = signal.narrowed(axis: 1, from: 0, count: Swift.min(samples, needed))
      .padded([(0, 0), (0, Swift.max(needed - samples, 0))])
      .reshaped([signal.extents[0], count + pieces - 1, hop]).transposed(1, 2)
    let parts = (0..<pieces).map { columns.narrowed(axis: 2, from: $0, count: count) }
    return Tensor.concatenated(parts, axis: 1).narrowed(axis: 1, from: 0, count: size)
  }

  /// Returns sums of overlapping frames: `[signals, size, frames]` → `[signals, samples]`.
  func joined(_ name: StaticString, _ frames: Tensor) throws -> Tensor {
    let (signals, count) = (frames.extents[0], frames.extents[2])
    let samples = try Checks.repeated(name, hop, count + pieces - 1, frames.extents)
    let padded = frames.padded([(0, 0), (0, pieces * hop - size), (0, 0)])
    let parts = (0..<pieces).map { index in
      padded.narrowed(axis: 1, from: index * hop, count: hop)
        .padded([(0, 0), (0, 0), (index, pieces - 1 - index)])
    }
    return parts.dropFirst().reduce(parts[0], +).transposed(1, 2).reshaped([signals, samples])
      .narrowed(axis: 1, from: 0, count: (count - 1) * hop + size)
  }
}
