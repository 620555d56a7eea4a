import HostSystem

/// The output of an `STFTSpectrogram` for the complex number z at a frequency and time.
public enum SpectrogramMode: String, Codable, Sendable, Hashable, CaseIterable {
  /// ln √max(|z|², 1e-7).
  case log
  /// √max(|z|², 1e-7).
  case magnitude
  /// The power spectral density, |z|², and twice as much for frequencies other than the first and the last one.
  case psd
  /// The real part.
  case real
  /// The imaginary part.
  case imaginary
  /// The angle in radians, from −π to π.
  case angle
  /// The real parts of all frequencies, followed by the imaginary parts.
  case stft

  /// The number of output channels for each frequency.
  var channels: Int { self == .stft ? 2 : 1 }
}

/// The divisor of the window in an `STFTSpectrogram`.
public enum SpectrogramScaling: String, Codable, Sendable, Hashable, CaseIterable {
  /// √Σw², for densities of power.
  case density
  /// Σ|w|, for powers.
  case spectrum
  /// 1.
  case none
}

/// The short-time Fourier transform of signals by convolution with kernels that can be trained:
/// `[N, C, samples]` → `[N, C·frequencies, times]` (Keras, with `data_format="channels_first"`).
///
/// ```swift
/// STFTSpectrogram()                                // [N, 1, 16000] → [N, 129, 124], logarithms
/// STFTSpectrogram(mode: .magnitude, frameLength: 400, frameStep: 160, fftLength: 512, expandsAxes: true)
///                                                  // [N, 2, 16000] → [N, 2, 98, 257], images
/// ```
///
/// The kernels are initialized with w[t]·cos(2πkt/n)/s and −w[t]·sin(2πkt/n)/s for sample t of a frame, the frequencies
/// k = 0…n/2, the length n of the transform, the window w, and its divisor s. They are the same for all channels. Freeze
/// them with `freeze(_:)` for a spectrogram that does not change in training. Without training, `MelSpectrogram` and
/// `Tensor.shortTimeFourierTransform`, which use fast transforms, take less time for long frames.
public final class STFTSpectrogram: Layer {
  /// The kernels of the real parts, `[frequencies, 1, frameLength]`; nil in the mode `imaginary`.
  public let realKernel: Parameter?
  /// The kernels of the imaginary parts, `[frequencies, 1, frameLength]`; nil in the mode `real`.
  public let imaginaryKernel: Parameter?
  /// All settings.
  public let configuration: Configuration
  private let constants = LayerConstants()

  /// Creates a spectrogram layer, with the defaults of Keras.
  /// - Parameters:
  ///   - mode: The output for each frequency and time.
  ///   - frameLength: The number of samples of a frame, at least 2.
  ///   - frameStep: The number of samples from one frame to the next, at most the length of a frame; half of it by
  ///     default.
  ///   - fftLength: The length of the transform, an even number that is at least the length of a frame; by default, the
  ///     smallest power of 2 that is.
  ///   - window: The factors of the samples.
  ///   - isPeriodic: Whether a window function continues with its first factor. Otherwise, it is symmetric.
  ///   - scaling: The divisor of the window.
  ///   - padding: The zeros at the ends of the signals.
  ///   - expandsAxes: Whether the result is `[N, C, times, frequencies]`, for layers that expect images.
  public convenience init(
    mode: SpectrogramMode = .log, frameLength: Int = 256, frameStep: Int? = nil, fftLength: Int? = nil,
    window: SpectrogramWindow = .hann, isPeriodic: Bool = false, scaling: SpectrogramScaling = .density,
    padding: Padding1D = .valid, expandsAxes: Bool = false
  ) {
    self.init(
      configuration: Configuration(
        mode: mode, frameLength: frameLength, frameStep: frameStep, fftLength: fftLength, window: window,
        isPeriodic: isPeriodic, scaling: scaling, padding: padding, expandsAxes: expandsAxes))
  }

  public init(configuration: Configuration) {
    self.configuration = configuration
    realKernel = configuration.mode == .imaginary ? nil : Parameter(nil, .zeros)
    imaginaryKernel = configuration.mode == .real ? nil : Parameter(nil, .zeros)
  }

  private var settings: WindowSettings {
    let step = configuration.frameStep ?? configuration.frameLength / 2
    return WindowSettings(
      kernel: Extent2D(1, configuration.frameLength), stride: Extent2D(1, step), padding: configuration.padding.ofRow,
      isRow: true, isCausal: configuration.padding == .causal)
  }

  public func prepare(inputShape: [Int]) throws {
    try configuration.check()
    try settings.check(layer: "STFTSpectrogram", inputShape: inputShape)
    let channels = configuration.mode.channels * configuration.frequencies
    let edges = settings.geometry(height: 1, width: inputShape[1]).padding
    let times =
      (inputShape[1] + edges.left + edges.right - configuration.frameLength) / settings.stride.width + 1
    try WindowSettings.checkSize(layer: "STFTSpectrogram", [inputShape[0], channels, times])
    let shape = [configuration.frequencies, 1, configuration.frameLength]
    realKernel?.declare(shape: shape)
    imaginaryKernel?.declare(shape: shape)
    let configuration = configuration
    realKernel?.initializer = Initializer("stft_real") { _, _ in configuration.kernel { HostSystem.cos($0) } }
    imaginaryKernel?.initializer = Initializer("stft_imaginary") { _, _ in
      configuration.kernel { -HostSystem.sin($0) }
    }
  }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    check(input, .sequences)
    let shape = input.shape
    let kernels = [realKernel, imaginaryKernel].compactMap { $0?.value }
    let kernel = kernels.count == 1 ? kernels[0] : Tensor.concatenated(kernels, axis: 0)
    let sums = settings.convolve(
      input.reshaped([shape[0] * shape[1], 1, shape[2]]).asRow, kernel.asRow, bias: nil, groups: 1
    ).withoutRowAxis
    let result = output(sums)
    let (frequencies, times) = (result.shape[1], result.shape[2])
    return configuration.expandsAxes
      ? result.reshaped([shape[0], shape[1], frequencies, times]).transposed(2, 3)
      : result.reshaped([shape[0], shape[1] * frequencies, times])
  }

  /// Returns the output of the mode for real and imaginary parts.
  private func output(_ sums: Tensor) -> Tensor {
    func part(_ index: Int) -> Tensor {
      sums[.all, index * configuration.frequencies..<(index + 1) * configuration.frequencies]
    }
    func power() -> Tensor { part(0).squared() + part(1).squared() }
    switch configuration.mode {
    case .real, .imaginary, .stft: return sums
    case .angle: return part(1).atan2(part(0))
    case .magnitude: return power().maximum(1e-7).squareRoot()
    case .log: return power().maximum(1e-7).log() / 2
    case .psd:
      let power = power()
      let count = configuration.frequencies
      let factors = constants.tensors(on: power.device, power.dtype) {
        [power.table([count, 1]) { (0..<count).map { $0 == 0 || $0 == count - 1 ? 1 : 2 } }]
      }
      return power * factors[0]
    }
  }

  public var allowsReplay: Bool { true }
}

extension STFTSpectrogram: ConfigurableLayer {
  /// The configuration of an `STFTSpectrogram` in a model description. All settings are optional.
  public struct Configuration: Codable, Sendable, LayerSettings {
    /// The output for each frequency and time; `log` by default.
    public var mode = SpectrogramMode.log
    /// The number of samples of a frame; 256 by default.
    public var frameLength = 256
    /// The number of samples from one frame to the next; half of the length of a frame by default.
    public var frameStep: Int?
    /// The length of the transform; by default, the smallest power of 2 that is at least the length of a frame.
    public var fftLength: Int?
    /// The factors of the samples; those of a Hann window by default.
    public var window = SpectrogramWindow.hann
    /// Whether a window function continues with its first factor; false by default.
    public var isPeriodic = false
    /// The divisor of the window; `density` by default.
    public var scaling = SpectrogramScaling.density
    /// The zeros at the ends of the signals; none by default.
    public var padding = Padding1D.valid
    /// Whether the result is `[N, C, times, frequencies]`; false by default.
    public var expandsAxes = false

    static var template: Self { Self() }
  }
}

extension STFTSpectrogram.Configuration {
  /// The length of the transform.
  private var transformLength: Int {
    if let fftLength { return fftLength }
    return frameLength < 2 ? 1 : 1 << (Int.bitWidth - (frameLength - 1).leadingZeroBitCount)
  }

  /// The number of frequencies.
  var frequencies: Int { transformLength / 2 + 1 }

  func check() throws {
    func fail(_ reason: String) throws -> Never {
      throw ModelError.invalidConfiguration(layer: "STFTSpectrogram", reason: reason)
    }
    if !(2...SizeLimit.setting).contains(frameLength) {
      try fail("a frame length of \(frameLength); it is from 2 to \(SizeLimit.setting)")
    }
    if let frameStep, !(1...frameLength).contains(frameStep) {
      try fail("a frame step of \(frameStep); it is from 1 to the frame length, \(frameLength)")
    }
    let length = transformLength
    if length % 2 != 0 || !(frameLength...2 * SizeLimit.setting).contains(length) {
      try fail(
        "a transform length of \(length); it is an even number from the frame length, \(frameLength), to "
          + "\(2 * SizeLimit.setting)")
    }
    try window.check(layer: "STFTSpectrogram", frame: frameLength)
    if divisor(window.numbers(frameLength, isPeriodic: isPeriodic)) == 0 {
      try fail("a window of zeros, by which scaling \(scaling) divides")
    }
    try WindowSettings.checkSize(layer: "STFTSpectrogram", [2 * frequencies, frameLength])
  }

  /// Returns the divisor of a window.
  private func divisor(_ factors: [Double]) -> Double {
    switch scaling {
    case .density: factors.reduce(0) { $0 + $1 * $1 }.squareRoot()
    case .spectrum: factors.reduce(0) { $0 + abs($1) }
    case .none: 1
    }
  }

  /// Returns kernels `[frequencies, 1, frameLength]` with a function of the angle.
  fileprivate func kernel(_ function: (Double) -> Double) -> [Float] {
    let factors = window.numbers(frameLength, isPeriodic: isPeriodic)
    let (divisor, length) = (divisor(factors), transformLength)
    return (0..<frequencies).flatMap { frequency in
      factors.enumerated().map { time, factor in
        let turns = Double(frequency * time % length) / Double(length)
        return Float(factor / divisor * function(2 * .pi * turns))
      }
    }
  }
}
