import BackendCore
import HostSystem

/// A scale of pitches on which listeners hear equal distances.
public enum MelScale: String, Codable, Sendable, Hashable, CaseIterable {
  /// 2595·log₁₀(1 + f/700).
  case htk
  /// 3f/200 up to 1000 Hz, and 15 + 27·ln(f/1000)/ln 6.4 above it.
  case slaney

  fileprivate func mels(_ hertz: Double) -> Double {
    switch self {
    case .htk: 2595 * log10(1 + hertz / 700)
    case .slaney: hertz < 1000 ? 3 * hertz / 200 : 15 + 27 * log(hertz / 1000) / log(6.4)
    }
  }

  fileprivate func hertz(_ mels: Double) -> Double {
    switch self {
    case .htk: 700 * (pow(10, mels / 2595) - 1)
    case .slaney: mels < 15 ? 200 * mels / 3 : 1000 * exp((mels - 15) * log(6.4) / 27)
    }
  }
}

/// The settings of mel filters, which weigh frequencies by overlapping triangles of equal width on the mel scale.
public struct MelFilters: Codable, Sendable, Hashable {
  /// The number of filters.
  public var count: Int
  /// The number of samples per second.
  public var sampleRate: Double
  /// The frequencies in hertz that the filters cover; from 0 to half the sample rate by default.
  public var range: ClosedRange<Double>
  /// The scale.
  public var scale: MelScale
  /// Whether the sides of triangles are straight on the mel scale (Keras, TensorFlow) rather than in hertz (torchaudio,
  /// librosa).
  public var areStraightInMels: Bool
  /// Whether each filter is divided by half of its width in hertz, so that all have the same area (`norm="slaney"`).
  public var haveEqualArea: Bool

  /// Creates settings, with the defaults of torchaudio.
  public init(
    count: Int, sampleRate: Double, range: ClosedRange<Double>? = nil, scale: MelScale = .htk,
    areStraightInMels: Bool = false, haveEqualArea: Bool = false
  ) {
    (self.count, self.sampleRate, self.scale) = (count, sampleRate, scale)
    self.range = range ?? 0...(sampleRate > 0 ? sampleRate / 2 : 0)
    (self.areStraightInMels, self.haveEqualArea) = (areStraightInMels, haveEqualArea)
  }

  /// The mistake in the settings; nil if there is none.
  package var fault: String? {
    if !(1...1 << 20).contains(count) { return "a count of \(count) filters; it is from 1 to \(1 << 20)" }
    if !(sampleRate > 0 && sampleRate.isFinite) { return "a sample rate of \(sampleRate); it is a number above 0" }
    if !(range.lowerBound >= 0 && range.lowerBound < range.upperBound && range.upperBound.isFinite) {
      return "a range of \(range) hertz; it is not empty and not negative"
    }
    return nil
  }

  /// Returns the factors `[frequencies, filters]`, row by row.
  fileprivate func factors(_ frequencies: Int) -> [Double] {
    let (lowest, highest) = (scale.mels(range.lowerBound), scale.mels(range.upperBound))
    let mels = (0..<count + 2).map { lowest + (highest - lowest) * Double($0) / Double(count + 1) }
    let hertz = mels.map { scale.hertz($0) }
    let edges = areStraightInMels ? mels : hertz
    return (0..<frequencies).flatMap { index in
      let frequency = sampleRate / 2 * Double(index) / Double(Swift.max(frequencies - 1, 1))
      let position = areStraightInMels ? scale.mels(frequency) : frequency
      return (0..<count).map { filter in
        let rise = (position - edges[filter]) / (edges[filter + 1] - edges[filter])
        let fall = (edges[filter + 2] - position) / (edges[filter + 2] - edges[filter + 1])
        let area = haveEqualArea ? (hertz[filter + 2] - hertz[filter]) / 2 : 1
        return Swift.max(0, Swift.min(rise, fall)) / area
      }
    }
  }
}

extension Tensor {
  /// Returns the factors of mel filters: `[frequencies, filters]` (torchaudio's `melscale_fbanks`; librosa's
  /// `filters.mel`, transposed). Frequency k of n is k/(n − 1) times half of the sample rate.
  ///
  /// ```swift
  /// let filters = Tensor.melFilterBank(MelFilters(count: 80, sampleRate: 16_000), frequencies: 201)
  /// let mel = power.transposed().matmul(filters)             // [frames, 201] → [frames, 80]
  /// ```
  public static func melFilterBank(_ filters: MelFilters, frequencies: Int, on device: Device = .cpu) -> Tensor {
    checked {
      let name: StaticString = "melFilterBank"
      if let fault = filters.fault { try Checks.fail(name, fault) }
      let shape = try Checks.extents(name, [frequencies, filters.count])
      return Tensor(filters.factors(frequencies), shape: shape.array, on: device)
    }
  }

  /// Returns the energies of mel filters over time: `[..., samples]` → `[..., filters, frames]` (torchaudio's
  /// `MelSpectrogram`). They are the sums of the powers of a windowed, centered `shortTimeFourierTransform`, with the
  /// factors of the filters.
  ///
  /// ```swift
  /// let filters = MelFilters(count: 80, sampleRate: 16_000)
  /// let picture = signal.melSpectrogram(filters, size: 400, hop: 160).decibels()
  /// ```
  /// - Parameters:
  ///   - filters: The filters.
  ///   - size: The number of samples of a frame.
  ///   - hop: The number of samples from one frame to the next; half of the size by default.
  ///   - window: Factors of the samples of a frame, placed in its middle; a Hann window of the size by default.
  ///   - exponent: The exponent of the magnitudes; 2 for powers.
  public func melSpectrogram(
    _ filters: MelFilters, size: Int = 400, hop: Int? = nil, window: Tensor? = nil, exponent: Double = 2
  ) -> Tensor {
    checked {
      try Checks.floatingPoint("melSpectrogram", self)
      if size < 1 { try Checks.fail("melSpectrogram", "a size of \(size); it is at least 1") }
      try Checks.positive("melSpectrogram", "exponent", exponent)
      if let fault = filters.fault { try Checks.fail("melSpectrogram", fault) }
      let window = window ?? table([size]) { WindowFunction.hann.factors(size) }
      let powers = framePowers(size: size, hop: hop ?? Swift.max(size / 2, 1), window: window, exponent: exponent)
      return melFactors(filters, frequencies: powers.extents[-2]).matmul(powers, transposingLeft: true)
    }
  }

  /// `melSpectrogram` with the factors of the filters, `[size / 2 + 1, filters]`, as `melFactors` returns them.
  package func melSpectrogram(factors: Tensor, size: Int, hop: Int, window: Tensor, exponent: Double) -> Tensor {
    factors.matmul(framePowers(size: size, hop: hop, window: window, exponent: exponent), transposingLeft: true)
  }

  /// Returns the magnitudes of the frequencies of each frame to the power of `exponent`: `[..., frequencies, frames]`.
  private func framePowers(size: Int, hop: Int, window: Tensor, exponent: Double) -> Tensor {
    let spectrum = shortTimeFourierTransform(size: size, hop: hop, window: window)
    return exponent == 2 ? spectrum.power() : spectrum.magnitude().power(exponent)
  }

  /// Returns the factors of valid filters, `[frequencies, filters]`, on the device of this tensor and with its element
  /// type.
  package func melFactors(_ filters: MelFilters, frequencies: Int) -> Tensor {
    table([frequencies, filters.count]) { filters.factors(frequencies) }
  }

  /// Returns powers in decibels: 10·log₁₀(max(x, least) / reference) (torchaudio's `amplitude_to_DB`, librosa's
  /// `power_to_db`).
  /// - Parameters:
  ///   - reference: The power of 0 dB, a number above 0.
  ///   - least: The smallest power; smaller ones are replaced by it. A number above 0.
  ///   - dynamicRange: The largest distance in decibels from the loudest number of each `[..., frequencies, frames]`;
  ///     quieter ones are raised to it. (torchaudio and Keras compare with the loudest of several examples.)
  public func decibels(reference: Double = 1, least: Double = 1e-10, dynamicRange: Double? = 80) -> Tensor {
    checked {
      if dtype.isHalf {
        return inFloat32 { $0.decibels(reference: reference, least: least, dynamicRange: dynamicRange) }
      }
      let name: StaticString = "decibels"
      try Checks.floatingPoint(name, self)
      try Checks.positive(name, "reference", reference)
      try Checks.positive(name, "least", least)
      let origin = 10 * HostSystem.log10(Swift.max(reference, least))
      let values = maximum(least).log10() * 10 - origin
      guard let dynamicRange else { return values }
      try Checks.notNegative(name, "dynamicRange", dynamicRange)
      return values.maximum(values.max(axes: Array(-Swift.min(rank, 2)..<0), keepingRank: true) - dynamicRange)
    }
  }

  /// Returns mel-frequency cepstral coefficients: `[..., samples]` → `[..., coefficients, frames]` (torchaudio's
  /// `MFCC`): the orthonormal discrete cosine transform (DCT-II) of `melSpectrogram(…).decibels()`.
  /// - Parameters:
  ///   - coefficients: The number of coefficients, at most the number of filters.
  ///   - filters: The filters.
  ///   - size: The number of samples of a frame, and of the window.
  ///   - hop: The number of samples from one frame to the next; half of the size by default.
  public func melCepstrum(_ coefficients: Int, _ filters: MelFilters, size: Int = 400, hop: Int? = nil) -> Tensor {
    checked {
      let count = filters.count
      if !(1...Swift.max(count, 1)).contains(coefficients) {
        try Checks.fail("melCepstrum", "\(coefficients) coefficients of \(count) filters")
      }
      let energies = melSpectrogram(filters, size: size, hop: hop).decibels()
      let cosines = energies.table([coefficients, count]) {
        (0..<coefficients).flatMap { row in
          let factor = ((row == 0 ? 1 : 2) / Double(count)).squareRoot()
          let step = Double.pi * Double(row) / Double(count)
          return (0..<count).map { factor * HostSystem.cos(step * (Double($0) + 0.5)) }
        }
      }
      return cosines.matmul(energies)
    }
  }
}
