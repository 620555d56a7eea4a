import Tensors
import Testing

/// Short-time Fourier transforms, windows, and mel filters give PyTorch's and torchaudio's results in float64. Those of
/// torchaudio come from its documented formulas in NumPy.
@Suite struct ShortTimeFourierTests {
  typealias Case = LayerFunctionTests.Case

  private static func signal(_ shape: [Int], _ device: Device) -> Tensor { LayerFunctionTests.wave(shape, 3, device) }
  private static func hann(_ count: Int, _ device: Device) -> Tensor { .window(.hann, count: count, on: device) }
  private static func stacked(_ spectrum: Spectrum) -> Tensor { .stacked([spectrum.real, spectrum.imaginary]) }
  private static func spectrum(_ device: Device) -> Spectrum {
    Spectrum(
      real: LayerFunctionTests.wave([2, 5, 4], 5, device), imaginary: LayerFunctionTests.wave([2, 5, 4], 6, device))
  }
  private static let filters = MelFilters(count: 4, sampleRate: 8000)

  static let cases: [Case] = [
    Case(
      "stft(8, 3, 6, window=hann_window(6), normalized=True)", [2, 2, 5, 5],
      [
        -0.6187184, 0.09943689, -0.1767767, 0.3093592, -0.243068, 0.5129442, -0.08371663, 0.2805601, -0.3716292,
        0.109835, -0.1325825, -0.1104854, -0.4529903, 0.4750874, 0.243068, -0.4245558, 0.5256584, 0.5149351,
        -0.5122542, -0.640165, 0.7071068, -0.7623495, -0.508233, 0.508233, 0.8175922, 0.6408155, 0.08838835,
        -0.4419417, 0.04419417, -0.508233, -0.3830425, 0.09842172, 0.4626984, -0.1894909, 0.2919733, -0.1767767,
        -0.4087961, -0.4971845, 0.4308932, 0.1988738, 0.6482075, 0.5202967, 0.5095734, -0.5176159, -0.6455267,
        -0.8175922, -0.508233, -0.508233, 0.508233, 0.8175922, 0, 0, 0, 0, 0, 0, 0.2276729, -0.02644356,
        -0.02644356, 0, 0, -0.1657282, -0.1657282, -0.1657282, 0, 0, 0.006702065, 0.2608186, 0.2608186, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, -0.02644356, -0.02644356, -0.02644356, 0, 0, -0.1657282, -0.1657282,
        -0.1657282, 0, 0, 0.2608186, 0.2608186, 0.2608186, 0, 0, 0, 0, 0, 0,
      ]
    ) {
      stacked(
        signal([2, 13], $0).shortTimeFourierTransform(size: 8, hop: 3, window: hann(6, $0), isNormalized: true))
    },
    Case(
      "stft(5, 2, center=False, onesided=False)", [2, 5, 5],
      [
        -0.375, -0.125, 0.125, 0.375, 0.625, -0.0625, -0.9509239, 1.375, -1.5, 0.8259239, -0.0625, 2.263424,
        1.375, -1.5, -2.388424, -0.0625, 2.263424, 1.375, -1.5, -2.388424, -0.0625, -0.9509239, 1.375, -1.5,
        0.8259239, 0, 0, 0, 0, 0, 1.597501, -1.136787, 0.5530959, 0.5530959, -1.136787, 2.465929, 0.776046,
        -1.958242, -1.958242, 0.776046, -2.465929, -0.776046, 1.958242, 1.958242, -0.776046, -1.597501,
        1.136787, -0.5530959, -0.5530959, 1.136787,
      ]
    ) {
      stacked(signal([13], $0).shortTimeFourierTransform(size: 5, hop: 2, isCentered: false, isOneSided: false))
    },
    Case(
      "istft(8, 2, 6, window=hann_window(6))", [2, 6],
      [
        -0.7830882, -0.8029506, 0.3194444, 0.692682, 0, 0.2135154, 0.2316176, -0.1253066, -0.3194444,
        -0.4641286, 0.5590278, 0.5934434,
      ]
    ) { spectrum($0).inverseShortTimeFourierTransform(size: 8, hop: 2, window: hann(6, $0)) },
    Case(
      "istft(8, 2, 6, window=hann_window(6), normalized=True, length=9)", [2, 9],
      [
        -2.214908, -2.271087, 0.9035253, 1.959201, 0, 0.6039126, -0.8942821, -3.07077, 5.126524, 0.6551136,
        -0.3544207, -0.9035253, -1.312754, 1.581169, 1.678511, -1.850956, -1.52022, 1.06066,
      ]
    ) {
      spectrum($0).inverseShortTimeFourierTransform(
        size: 8, hop: 2, window: hann(6, $0), isNormalized: true, length: 9)
    },
    Case("hann_window(5)", [5], [0, 0.3454915, 0.9045085, 0.9045085, 0.3454915]) { .window(.hann, count: 5, on: $0) },
    Case("hann_window(5, periodic=False)", [5], [0, 0.5, 1, 0.5, 0]) {
      .window(.hann, count: 5, isPeriodic: false, on: $0)
    },
    Case("hamming_window(5)", [5], [0.08, 0.3978522, 0.9121478, 0.9121478, 0.3978522]) {
      .window(.hamming, count: 5, on: $0)
    },
    Case("hamming_window(5, periodic=False)", [5], [0.08, 0.54, 1, 0.54, 0.08]) {
      .window(.hamming, count: 5, isPeriodic: false, on: $0)
    },
    Case("blackman_window(5)", [5], [0, 0.2007701, 0.8492299, 0.8492299, 0.2007701]) {
      .window(.blackman, count: 5, on: $0)
    },
    Case("blackman_window(5, periodic=False)", [5], [0, 0.34, 1, 0.34, 0]) {
      .window(.blackman, count: 5, isPeriodic: false, on: $0)
    },
    Case("bartlett_window(5)", [5], [0, 0.4, 0.8, 0.8, 0.4]) { .window(.bartlett, count: 5, on: $0) },
    Case("bartlett_window(5, periodic=False)", [5], [0, 0.5, 1, 0.5, 0]) {
      .window(.bartlett, count: 5, isPeriodic: false, on: $0)
    },
    Case("kaiser_window(5)", [5], [5.277344e-05, 0.1017197, 0.7929398, 0.7929398, 0.1017197]) {
      .kaiserWindow(count: 5, on: $0)
    },
    Case("kaiser_window(5, periodic=False, beta=3)", [5], [0.2048848, 0.7269255, 1, 0.7269255, 0.2048848]) {
      .kaiserWindow(count: 5, beta: 3, isPeriodic: false, on: $0)
    },
    Case(
      "melscale_fbanks(9, 0, 4000, 3, 8000)", [9, 3],
      [
        0, 0, 0, 0.8934592, 0.1065408, 0, 0.1656918, 0.8343082, 0, 0, 0.6508237, 0.3491763, 0, 0.1987153,
        0.8012847, 0, 0, 0.8425854, 0, 0, 0.5617236, 0, 0, 0.2808618, 0, 0, 0,
      ]
    ) { .melFilterBank(MelFilters(count: 3, sampleRate: 8000), frequencies: 9, on: $0) },
    Case(
      "melscale_fbanks(9, 100, 3000, 3, 8000, norm=\"slaney\", mel_scale=\"slaney\"), times 1000", [9, 3],
      [
        0, 0, 0, 1.646417, 0, 0, 0.3615488, 1.35054, 0, 0, 0.7037439, 0.5987094, 0, 0, 0.8775846, 0, 0,
        0.4387923, 0, 0, 0, 0, 0, 0, 0, 0, 0,
      ]
    ) {
      let filters = MelFilters(count: 3, sampleRate: 8000, range: 100...3000, scale: .slaney, haveEqualArea: true)
      return .melFilterBank(filters, frequencies: 9, on: $0) * 1000
    },
    Case(
      "MelSpectrogram(8000, n_fft=16, n_mels=4)", [2, 4, 6],
      [
        2.239552, 0.1154943, 1.394715, 0.1777944, 0.1777944, 0.744175, 5.094805, 0.6915018, 2.882817, 0.5968893,
        0.5968893, 0.6261666, 2.863456, 6.973458, 3.163041, 6.993636, 6.993636, 9.149133, 4.487562, 13.60268,
        20.04548, 13.59444, 13.59444, 14.77674, 0.8382098, 0.1154943, 0.270638, 1.27849, 0.1108651, 2.022398,
        0.6137244, 0.6915018, 0.563484, 2.624256, 0.6887871, 4.759453, 9.269751, 6.973458, 7.034425, 3.877915,
        6.973458, 3.122511, 15.11563, 13.60268, 13.57483, 18.50678, 13.60268, 5.37897,
      ]
    ) { signal([2, 40], $0).melSpectrogram(filters, size: 16) },
    Case(
      "AmplitudeToDB(\"power\", top_db=12), for each example", [2, 4, 6],
      [
        3.501612, 1.020164, 1.444854, 1.020164, 1.020164, 1.020164, 7.071275, 1.020164, 4.598171, 1.020164,
        1.020164, 1.020164, 4.568905, 8.434482, 5.001049, 8.44703, 8.44703, 9.613799, 6.520105, 11.33625,
        13.02016, 11.33361, 11.33361, 11.69579, 0.6733094, 0.6733094, 0.6733094, 1.066974, 0.6733094, 3.058666,
        0.6733094, 0.6733094, 0.6733094, 4.190062, 0.6733094, 6.775571, 9.670681, 8.434482, 8.472286, 5.885983,
        8.434482, 4.94504, 11.79426, 11.33625, 11.32734, 12.67331, 11.33625, 7.306991,
      ]
    ) { signal([2, 40], $0).melSpectrogram(filters, size: 16).decibels(dynamicRange: 12) },
    Case(
      "MFCC(8000, n_mfcc=3), n_fft=16, n_mels=4, for each example", [2, 3, 6],
      [
        10.83095, 4.397133, 12.03212, 5.019381, 5.019381, 8.996618, -1.294789, -16.24575, -7.670954, -15.19636,
        -15.19636, -11.63059, -0.8092318, -2.435282, 2.432899, -1.186588, -1.186588, 1.41592, 9.289103,
        4.397133, 5.816167, 11.90816, 4.299763, 11.04313, -11.3963, -16.24575, -14.07474, -8.041117, -16.36643,
        -2.280014, 1.738688, -2.435282, -0.1649344, 1.832119, -2.515569, -0.6774767,
      ]
    ) { signal([2, 40], $0).melCepstrum(3, filters, size: 16) },
  ]

  @Test(arguments: TestDevices.all, cases)
  func agreesWithPyTorch(_ device: Device, _ test: Case) throws {
    try expect(test.function(device), test.expected, shape: test.shape, tolerance: 5e-6, "\(test.testDescription)")
  }

  /// Signals come back from their transforms, for hops that divide the size or not, equal it, and are as small as
  /// possible.
  @Test(arguments: TestDevices.all, [(16, 4), (15, 4), (12, 5), (9, 9), (8, 1), (1, 1)])
  func returns(_ device: Device, _ frame: (size: Int, hop: Int)) throws {
    let x = Tensor(FourierTests.noise(3 * 50, 1), shape: [3, 50], dtype: .float32, on: device)
    let window = Tensor.window(.hamming, count: frame.size, on: device)
    for (isCentered, isOneSided) in [(true, true), (false, true), (true, false)] {
      let spectrum = x.shortTimeFourierTransform(
        size: frame.size, hop: frame.hop, window: window, isCentered: isCentered, isOneSided: isOneSided)
      let frames = 1 + (50 + (isCentered ? frame.size / 2 * 2 : 0) - frame.size) / frame.hop
      #expect(spectrum.shape == [3, isOneSided ? frame.size / 2 + 1 : frame.size, frames])
      let back = spectrum.inverseShortTimeFourierTransform(
        size: frame.size, hop: frame.hop, window: window, isCentered: isCentered, isOneSided: isOneSided)
      let count = back.shape[1]
      #expect(count <= 50 && count > 50 - frame.hop - (isCentered ? frame.size % 2 : 0))
      try expectEqual(back, x[.all, ..<count], tolerance: 3e-6)
    }
  }

  /// Samples before the first factor of a window above 0 are 0, and so are those beyond the last frame.
  @Test(arguments: TestDevices.all) func uncoveredSamples(_ device: Device) throws {
    let x = Tensor.ones([12], on: device)
    let spectrum = x.shortTimeFourierTransform(size: 4, hop: 4, window: Self.hann(4, device), isCentered: false)
    let back = spectrum.inverseShortTimeFourierTransform(
      size: 4, hop: 4, window: Self.hann(4, device), isCentered: false, length: 14)
    try expect(back, [0, 1, 1, 1, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0])
  }

  @Test(arguments: TestDevices.all) func severalSignalsWithoutWindow(_ device: Device) throws {
    let x = Tensor.range(0..<24, dtype: .float32, on: device).reshaped([2, 1, 12]) / 24
    let spectrum = x.shortTimeFourierTransform(size: 4, hop: 2)
    let back = spectrum.inverseShortTimeFourierTransform(size: 4, hop: 2)
    #expect(back.shape == [2, 1, 12])
    try expectEqual(back, x, tolerance: 3e-6)
  }

  @Test func windowsOfFewNumbers() throws {
    for function in WindowFunction.allCases {
      try expect(.window(function, count: 1), [1])
      #expect(Tensor.window(function, count: 0).shape == [0])
    }
    try expect(.kaiserWindow(count: 1), [1])
  }

  static let mistakes = [
    Refusal(["shortTimeFourierTransform", "a size of 0", "a hop of 1"]) {
      _ = Tensor.zeros([9]).shortTimeFourierTransform(size: 0)
    },
    Refusal(["a size of 4 and a hop of -1"]) { _ = Tensor.zeros([9]).shortTimeFourierTransform(size: 4, hop: -1) },
    Refusal(["9 samples", "a frame of 12"]) {
      _ = Tensor.zeros([9]).shortTimeFourierTransform(size: 12, isCentered: false)
    },
    Refusal(["padded", "at most 2", ".reflect"]) { _ = Tensor.zeros([3]).shortTimeFourierTransform(size: 8) },
    Refusal(["the window", "[5]", "at most 4"]) {
      _ = Tensor.zeros([9]).shortTimeFourierTransform(size: 4, window: .ones([5]))
    },
    Refusal(["float32", "int32"]) {
      _ = Tensor.zeros([9]).shortTimeFourierTransform(size: 4, window: Tensor(integers: [1, 1]))
    },
    Refusal(["inverseShortTimeFourierTransform", "[3, 9]", "[..., 5, frames]"]) {
      _ = Tensor.zeros([4, 9]).fourierTransform(length: 3, axis: 0).inverseShortTimeFourierTransform(size: 8)
    },
    Refusal(["window", "a count of -1"]) { _ = Tensor.window(.hann, count: -1) },
    Refusal(["kaiserWindow", "nan"]) { _ = Tensor.kaiserWindow(count: 4, beta: .nan) },
    Refusal(["melFilterBank", "0 filters"]) {
      _ = Tensor.melFilterBank(MelFilters(count: 0, sampleRate: 8000), frequencies: 5)
    },
    Refusal(["melSpectrogram", "sample rate of nan"]) {
      _ = Tensor.zeros([900]).melSpectrogram(MelFilters(count: 4, sampleRate: .nan))
    },
    Refusal(["a range of 500.0...500.0 hertz"]) {
      _ = Tensor.zeros([900]).melSpectrogram(MelFilters(count: 4, sampleRate: 8000, range: 500...500))
    },
    Refusal(["melCepstrum", "5 coefficients of 4 filters"]) {
      _ = Tensor.zeros([900]).melCepstrum(5, MelFilters(count: 4, sampleRate: 8000))
    },
    Refusal(["decibels", "least", "0.0"]) { _ = Tensor.zeros([4]).decibels(least: 0) },
    Refusal(["decibels", "dynamicRange", "-1.0"]) { _ = Tensor.zeros([4]).decibels(dynamicRange: -1) },
  ]

  @Test(arguments: mistakes) func refuses(_ test: Refusal) { test.check() }
}
