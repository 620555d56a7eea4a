import ModelFormats
import NeuralNetworks
import TestSupport
import Testing

/// Compares layers, forward and backward, with stored results of Keras 3.15 in float64, written by
/// `Benchmarks/peers/keras_vectors.py`.
@Suite struct KerasVectorTests {
  typealias Pair = PyTorchVectorTests.Pair

  static let transforms = [
    Pair(testDescription: "stft") { STFTSpectrogram(mode: .stft, frameLength: 8) },
    Pair(testDescription: "log") { STFTSpectrogram(frameLength: 6, frameStep: 5, window: .hamming) },
    Pair(testDescription: "magnitude") {
      STFTSpectrogram(mode: .magnitude, frameLength: 8, scaling: .spectrum, expandsAxes: true)
    },
    Pair(testDescription: "psd") {
      STFTSpectrogram(mode: .psd, frameLength: 8, fftLength: 12, isPeriodic: true, padding: .same)
    },
    Pair(testDescription: "real") {
      STFTSpectrogram(mode: .real, frameLength: 5, window: .bartlett, scaling: .none)
    },
    Pair(testDescription: "imaginary") {
      STFTSpectrogram(mode: .imaginary, frameLength: 7, frameStep: 2, window: .blackman, padding: .same)
    },
    Pair(testDescription: "rectangular") {
      STFTSpectrogram(frameLength: 4, window: .rectangular, scaling: .none)
    },
    Pair(testDescription: "stft_images") { STFTSpectrogram(mode: .stft, frameLength: 8, expandsAxes: true) },
  ]

  static let others = [
    Pair(testDescription: "angle") {
      STFTSpectrogram(mode: .angle, frameLength: 4, window: [0.5, 1, -0.75, 0.25], expandsAxes: true)
    },
    Pair(testDescription: "mel") {
      MelSpectrogram(fftLength: 32, sequenceStride: 16, samplingRate: 1000, melBins: 4)
    },
    Pair(testDescription: "mel_energies") {
      MelSpectrogram(
        fftLength: 32, sequenceStride: 20, sequenceLength: 24, window: .hamming, samplingRate: 1000, melBins: 5,
        maxFrequency: 400, convertsToDecibels: false)
    },
    Pair(testDescription: "mel_magnitudes") {
      MelSpectrogram(
        fftLength: 32, sequenceStride: 16, samplingRate: 1000, melBins: 4, minFrequency: 50, topDecibels: 8,
        magnitudeExponent: 1, minPower: 1e-3, referencePower: 2)
    },
    Pair(testDescription: "mel_window") {
      MelSpectrogram(
        fftLength: 16, sequenceStride: 16, window: .factors((15...30).map { Double($0) / 15 }), samplingRate: 1000,
        melBins: 3, convertsToDecibels: false, magnitudeExponent: 1.5)
    },
  ]

  @Test(arguments: TestDevices.all, transforms + others)
  func spectrograms(_ device: Device, _ pair: Pair) throws {
    try PyTorchVectorTests().compare(pair, with: "spectrograms", on: device)
  }

  /// Kernels have the initial values of Keras.
  @Test(arguments: transforms) func initialKernels(_ pair: Pair) throws {
    let vectors = try PyTorchVectorTests.vectors("spectrograms")
    let layer = pair.makeLayer()
    let input = try #require(try vectors.tensor("\(pair.testDescription).input"))
    try layer.build(inputShape: Array(input.shape.dropFirst()))
    #expect(!layer.parameters.paths.isEmpty)
    for (path, parameter) in layer.parameters {
      let expected = try #require(try vectors.tensor("\(pair.testDescription).\(path)"), "\(path)")
      #expect(parameter.shape == expected.shape)
      #expect(try (parameter.value - expected).magnitude().max().item() < 1e-6, "\(path)")
    }
  }
}
