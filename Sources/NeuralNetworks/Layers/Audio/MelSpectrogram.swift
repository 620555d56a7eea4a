/// The energies of mel filters over time, in decibels: `[N, …, samples]` → `[N, …, melBins, times]` (Keras).
///
/// ```swift
/// MelSpectrogram()                                 // [N, 16000] → [N, 128, 32]
/// MelSpectrogram(fftLength: 512, sequenceStride: 160, sequenceLength: 400, melBins: 80)
///                                                  // [N, 1, 16000] → [N, 1, 80, 101], images
/// ```
///
/// The magnitudes of the centered, windowed `Tensor.shortTimeFourierTransform` of the signals, which are mirrored at their
/// ends, are raised to an exponent and added with the factors of the filters. These are triangles of height 1 with straight
/// sides on the mel scale 2595·log₁₀(1 + f/700). There are (samples + 2·⌊n/2⌋ − n)/sequenceStride + 1 times, for the length
/// n of the transform. There are no parameters.
///
/// In decibels, an energy E is 10·log₁₀(max(E, minPower)/max(referencePower, minPower)), and at least `topDecibels` less
/// than the largest one. The latter is that of the same signal, so that a result does not depend on the other examples of
/// a batch, as it does in Keras.
public final class MelSpectrogram: Layer {
  /// All settings.
  public let configuration: Configuration
  private let constants = LayerConstants()

  /// Creates a mel spectrogram layer, with the defaults of Keras.
  /// - Parameters:
  ///   - fftLength: The length of the transform. The fastest ones have small factors.
  ///   - sequenceStride: The number of samples from one frame to the next.
  ///   - sequenceLength: The number of samples of the window, in the middle of a frame; that of the transform by default.
  ///   - window: The factors of the samples. Those of a function are periodic.
  ///   - samplingRate: The number of samples per second.
  ///   - melBins: The number of filters.
  ///   - minFrequency: The lowest frequency of the filters, in hertz.
  ///   - maxFrequency: The highest frequency of the filters, in hertz; half of the sampling rate by default.
  ///   - convertsToDecibels: Whether the energies are converted to decibels.
  ///   - topDecibels: The largest distance in decibels from the largest energy of a signal.
  ///   - magnitudeExponent: The exponent of the magnitudes; 2 for powers.
  ///   - minPower: The smallest energy that is converted to decibels.
  ///   - referencePower: The energy of 0 decibels.
  public convenience init(
    fftLength: Int = 2048, sequenceStride: Int = 512, sequenceLength: Int? = nil, window: SpectrogramWindow = .hann,
    samplingRate: Double = 16_000, melBins: Int = 128, minFrequency: Double = 20, maxFrequency: Double? = nil,
    convertsToDecibels: Bool = true, topDecibels: Double = 80, magnitudeExponent: Double = 2, minPower: Double = 1e-10,
    referencePower: Double = 1
  ) {
    self.init(
      configuration: Configuration(
        fftLength: fftLength, sequenceStride: sequenceStride, sequenceLength: sequenceLength, window: window,
        samplingRate: samplingRate, melBins: melBins, minFrequency: minFrequency, maxFrequency: maxFrequency,
        convertsToDecibels: convertsToDecibels, topDecibels: topDecibels, magnitudeExponent: magnitudeExponent,
        minPower: minPower, referencePower: referencePower))
  }

  public init(configuration: Configuration) { self.configuration = configuration }

  public func prepare(inputShape: [Int]) throws { try configuration.check(inputShape) }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    prepareCall(input)
    let (size, length) = (configuration.fftLength, configuration.windowLength)
    let tables = constants.tensors(on: input.device, input.dtype) {
      [
        input.table([length]) { configuration.window.numbers(length, isPeriodic: true) },
        input.melFactors(configuration.filters, frequencies: size / 2 + 1),
      ]
    }
    let energies = input.melSpectrogram(
      factors: tables[1], size: size, hop: configuration.sequenceStride, window: tables[0],
      exponent: configuration.magnitudeExponent)
    if !configuration.convertsToDecibels { return energies }
    return energies.decibels(
      reference: configuration.referencePower, least: configuration.minPower, dynamicRange: configuration.topDecibels)
  }

  public var allowsReplay: Bool { true }
}

extension MelSpectrogram: ConfigurableLayer {
  /// The configuration of a `MelSpectrogram` in a model description. All settings are optional.
  public struct Configuration: Codable, Sendable, LayerSettings {
    /// The length of the transform; 2048 by default.
    public var fftLength = 2048
    /// The number of samples from one frame to the next; 512 by default.
    public var sequenceStride = 512
    /// The number of samples of the window; that of the transform by default.
    public var sequenceLength: Int?
    /// The factors of the samples; those of a Hann window by default.
    public var window = SpectrogramWindow.hann
    /// The number of samples per second; 16,000 by default.
    public var samplingRate = 16_000.0
    /// The number of filters; 128 by default.
    public var melBins = 128
    /// The lowest frequency of the filters, in hertz; 20 by default.
    public var minFrequency = 20.0
    /// The highest frequency of the filters, in hertz; half of the sampling rate by default.
    public var maxFrequency: Double?
    /// Whether the energies are converted to decibels; true by default.
    public var convertsToDecibels = true
    /// The largest distance in decibels from the largest energy of a signal; 80 by default.
    public var topDecibels = 80.0
    /// The exponent of the magnitudes; 2 by default.
    public var magnitudeExponent = 2.0
    /// The smallest energy that is converted to decibels; 1e-10 by default.
    public var minPower = 1e-10
    /// The energy of 0 decibels; 1 by default.
    public var referencePower = 1.0

    static var template: Self { Self() }
  }
}

extension MelSpectrogram.Configuration {
  /// The number of samples of the window.
  var windowLength: Int { sequenceLength ?? fftLength }

  private var highest: Double { maxFrequency ?? samplingRate / 2 }

  /// The filters, of settings that were checked.
  var filters: MelFilters {
    MelFilters(
      count: melBins, sampleRate: samplingRate, range: minFrequency...highest, scale: .htk, areStraightInMels: true)
  }

  /// Throws an error for invalid settings, and for examples that are too short.
  func check(_ inputShape: [Int]) throws {
    func fail(_ reason: String) throws -> Never {
      throw ModelError.invalidConfiguration(layer: "MelSpectrogram", reason: reason)
    }
    if !(2...SizeLimit.setting).contains(fftLength) {
      try fail("a transform length of \(fftLength); it is from 2 to \(SizeLimit.setting)")
    }
    if !(1...SizeLimit.setting).contains(sequenceStride) {
      try fail("a sequence stride of \(sequenceStride); it is from 1 to \(SizeLimit.setting)")
    }
    if !(1...fftLength).contains(windowLength) {
      try fail("a sequence length of \(windowLength); it is from 1 to the transform length, \(fftLength)")
    }
    try window.check(layer: "MelSpectrogram", frame: windowLength)
    try checkNumbers(fail)
    try checkSize(inputShape, fail)
  }

  private func checkNumbers(_ fail: (_ reason: String) throws -> Never) throws {
    if !(minFrequency >= 0 && minFrequency < highest && highest.isFinite) {
      try fail("frequencies from \(minFrequency) to \(highest) hertz; the range is not empty and not negative")
    }
    if let fault = filters.fault { try fail(fault) }
    if !(topDecibels >= 0 && topDecibels.isFinite) {
      try fail("a distance of \(topDecibels) decibels; it is a finite number of at least 0")
    }
    for (name, number) in [
      ("a magnitude exponent", magnitudeExponent), ("a minimum power", minPower), ("a reference power", referencePower),
    ] where !(number > 0 && number.isFinite) {
      try fail("\(name) of \(number); it is a finite number above 0")
    }
  }

  private func checkSize(_ inputShape: [Int], _ fail: (_ reason: String) throws -> Never) throws {
    guard let samples = inputShape.last, samples > fftLength / 2 else {
      try fail("examples of shape \(inputShape); they are [..., samples] with more than \(fftLength / 2) samples")
    }
    if inputShape.count > 6 { try fail("examples of shape \(inputShape); they have at most 6 axes") }
    let times = (samples + fftLength / 2 * 2 - fftLength) / sequenceStride + 1
    let leading = Array(inputShape.dropLast())
    for size in [leading + [fftLength, times], leading + [melBins, times], [fftLength / 2 + 1, melBins]] {
      try WindowSettings.checkSize(layer: "MelSpectrogram", size)
    }
  }
}
