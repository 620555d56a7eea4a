import Synchronization
import TestSupport
import Testing

@testable import NeuralNetworks

/// The settings of `STFTSpectrogram` and `MelSpectrogram`. `KerasVectorTests` compares their results.
@Suite struct SpectrogramLayerTests {
  private func message(_ layer: any Layer, for example: [Int] = [1, 64]) -> String {
    do {
      try layer.build(inputShape: example)
      return "built"
    } catch {
      return "\(error)"
    }
  }

  @Test func settingsOfTransformsAreChecked() {
    #expect(message(STFTSpectrogram(frameLength: 1)).contains("a frame length of 1; it is from 2 to"))
    for step in [0, 9] {
      #expect(message(STFTSpectrogram(frameLength: 8, frameStep: step)).contains("a frame step of \(step); it is from"))
    }
    for length in [6, 9] {
      #expect(
        message(STFTSpectrogram(frameLength: 8, fftLength: length))
          .contains("a transform length of \(length); it is an even number from the frame length, 8, to"))
    }
    #expect(
      message(STFTSpectrogram(frameLength: 3, window: [1, 2]))
        .contains("a window of 2 numbers; there are 3 finite ones, as in a frame"))
    #expect(message(STFTSpectrogram(frameLength: 2, window: [1, .nan])).contains("there are 2 finite ones"))
    // A symmetric Hann window of two numbers has only zeros.
    #expect(message(STFTSpectrogram(frameLength: 2)).contains("a window of zeros, by which scaling density divides"))
    #expect(message(STFTSpectrogram(frameLength: 2, isPeriodic: true)) == "built")
    #expect(message(STFTSpectrogram(frameLength: 65)).contains("a window that reaches over 65 is larger than"))
    #expect(message(STFTSpectrogram(frameLength: 8), for: [64]).contains("a sequence [channels, length], not [64]"))
  }

  @Test func settingsOfMelSpectrogramsAreChecked() {
    func found(_ change: (inout MelSpectrogram.Configuration) -> Void, for example: [Int] = [64]) -> String {
      var configuration = MelSpectrogram(fftLength: 32).configuration
      change(&configuration)
      return message(MelSpectrogram(configuration: configuration), for: example)
    }
    #expect(found { _ in } == "built")
    #expect(found { $0.fftLength = 1 }.contains("a transform length of 1; it is from 2 to"))
    #expect(found { $0.sequenceStride = 0 }.contains("a sequence stride of 0; it is from 1 to"))
    #expect(found { $0.sequenceLength = 33 }.contains("a sequence length of 33; it is from 1 to the transform length"))
    #expect(found { $0.window = [1] }.contains("a window of 1 numbers; there are 32 finite ones"))
    #expect(found { $0.minFrequency = 8000 }.contains("frequencies from 8000.0 to 8000.0 hertz"))
    #expect(found { $0.minFrequency = -1 }.contains("frequencies from -1.0 to 8000.0 hertz"))
    #expect(found { $0.melBins = 0 }.contains("a count of 0 filters"))
    #expect(found { ($0.samplingRate, $0.maxFrequency) = (-1, 30) }.contains("a sample rate of -1.0"))
    #expect(found { $0.topDecibels = -1 }.contains("a distance of -1.0 decibels"))
    #expect(found { $0.magnitudeExponent = 0 }.contains("a magnitude exponent of 0.0; it is a finite number above 0"))
    #expect(found { $0.minPower = .nan }.contains("a minimum power of nan"))
    #expect(found { $0.referencePower = -1 }.contains("a reference power of -1.0"))
    #expect(found({ _ in }, for: [2, 16]).contains("of shape [2, 16]; they are [..., samples] with more than 16"))
    #expect(found({ _ in }, for: [1, 1, 1, 1, 1, 1, 64]).contains("they have at most 6 axes"))
  }

  /// The shapes of Keras, with channels first.
  @Test func shapes() throws {
    let cases: [(layer: any Layer, example: [Int], result: [Int])] = [
      (STFTSpectrogram(), [1, 16_000], [129, 124]), (STFTSpectrogram(padding: .same), [2, 16_000], [258, 125]),
      (STFTSpectrogram(mode: .stft, fftLength: 512), [2, 1000], [1028, 6]),
      (STFTSpectrogram(frameLength: 200, expandsAxes: true), [3, 1000], [3, 9, 129]),
      (MelSpectrogram(), [16_000], [128, 32]),
      (MelSpectrogram(fftLength: 512, melBins: 40), [2, 3, 1024], [2, 3, 40, 3]),
    ]
    for (layer, example, result) in cases {
      let model = Sequential([layer], inputShape: example)
      try model.build(inputShape: example)
      #expect(try model.predict(.zeros([2] + example)).shape == [2] + result)
    }
  }

  /// Without a window, the parts are those of the Fourier transform of each frame, filled up with zeros.
  @Test(arguments: TestDevices.all) func framesAreTransformed(_ device: Device) throws {
    let signals = Tensor.normal([2, 1, 20], using: RandomStream(seed: 1), on: device)
    let layer = STFTSpectrogram(mode: .stft, frameLength: 5, frameStep: 3, window: .rectangular, scaling: .none)
    try layer.build(inputShape: [1, 20], on: device)
    let frames = (0..<6).map { signals[.all, 0, (3 * $0)..<(3 * $0 + 5)].padded([(0, 0), (0, 3)]) }
    let spectrum = Tensor.stacked(frames, axis: 2).realFourierTransform(axis: 1)
    let expected = Tensor.concatenated([spectrum.real, spectrum.imaginary], axis: 1)
    let found = layer(signals, .inference)
    #expect(found.shape == expected.shape)
    #expect(try (found - expected).magnitude().max().item() < 1e-5)
  }

  /// Examples do not depend on each other: a quiet one is not compared with the loudest sound of the batch.
  @Test(arguments: TestDevices.all) func examplesAreSeparate(_ device: Device) throws {
    let layer = MelSpectrogram(fftLength: 32, sequenceStride: 16, melBins: 4)
    let quiet = 1e-3 * Tensor.normal([1, 1, 64], using: RandomStream(seed: 1), on: device)
    let both = layer(.concatenated([quiet, 1e6 * quiet]), .inference)
    #expect(try (both[0..<1] - layer(quiet, .inference)).magnitude().max().item() < 1e-4)
  }

  /// The window and the filters of a mel spectrogram, and the factors of a power spectral density, stay on the device.
  /// The transforms upload their tables at each call.
  @Test func tablesAreUploadedOnce() throws {
    let cases: [(layer: any Layer, tables: Int)] = [
      (MelSpectrogram(fftLength: 16, sequenceStride: 8, melBins: 4), 2),
      (STFTSpectrogram(mode: .psd, frameLength: 16), 1),
    ]
    for (layer, tables) in cases {
      let counter = UploadCounter()
      let device = Device(counter)
      try layer.build(inputShape: [1, 64], on: device)
      let x = signals(2, 1).x.moved(to: device)
      func uploads() throws -> (count: Int, result: [Float]) {
        let before = counter.count.withLock { $0 }
        let result = try layer(x, .inference).scalars()
        return (counter.count.withLock { $0 } - before, result)
      }
      let (first, second) = (try uploads(), try uploads())
      #expect(first.count - second.count == tables, "\(type(of: layer))")
      #expect(second.result == first.result)
    }
  }

  private static let layers: [@Sendable () -> any Layer] = [
    { STFTSpectrogram(frameLength: 16, frameStep: 8, window: .hamming, isPeriodic: true, padding: .same) },
    { STFTSpectrogram(mode: .psd, frameLength: 10, fftLength: 12, window: .rectangular, expandsAxes: true) },
    { MelSpectrogram(fftLength: 16, sequenceStride: 8, melBins: 4, minFrequency: 0) },
  ]

  private func model(_ index: Int) -> Sequential {
    Sequential([Self.layers[index](), Flatten(), Dense(1)], inputShape: [1, 64])
  }

  private func builtModel(_ index: Int, _ device: Device) throws -> Sequential {
    let model = model(index)
    try model.build(inputShape: [1, 64], on: device, seed: 2)
    return model
  }

  /// Signals of different loudness, and its logarithm.
  private func signals(_ count: Int, _ seed: UInt64) -> (x: Tensor, loudness: Tensor) {
    let random = RandomStream(seed: seed)
    let loudness = Tensor.uniform([count, 1], in: -1..<1, using: random)
    return (Tensor.normal([count, 1, 64], using: random) * loudness.exp().expanded(axis: 2), loudness)
  }

  @Test(arguments: TestDevices.real, layers.indices)
  func modelsAreTrainedAndDescribed(_ device: Device, _ index: Int) throws {
    let model = model(index)
    model.compile(optimizer: .adam(learningRate: 0.01), loss: .meanSquaredError, device: device)
    let (x, loudness) = signals(128, 1)
    let history = try model.fit(
      TensorDataset(x, loudness), epochs: 15, batchSize: 16, seed: 1, verbosity: .silent)
    let losses = history["loss"]
    #expect(try #require(losses.last) < 0.3 * #require(losses.first))
    #expect(model.allowsReplay)
    let again = Sequential(architecture: try Architecture(of: model))
    try again.build(inputShape: [1, 64], on: device, seed: 5)
    try again.restore(model.snapshot())
    let moved = x.moved(to: device)
    #expect(try again(moved, .inference).scalars() == model(moved, .inference).scalars())
  }

  /// The third prediction is replayed, with other signals than those of the recording.
  @Test(arguments: TestDevices.real, layers.indices)
  func predictionsAreReplayed(_ device: Device, _ index: Int) throws {
    let (model, predictor) = (try builtModel(index, device), Predictor(try builtModel(index, device)))
    for seed in 1...4 {
      let x = signals(3, UInt64(seed)).x.moved(to: device)
      #expect(try predictor.predict(x).scalars() == model(x, .inference).scalars())
    }
  }

  @Test func kernelsCanBeFrozen() throws {
    let model = model(0)
    try model.build(inputShape: [1, 64], on: .cpu, seed: 1)
    #expect(model.parameters.paths == ["0.realKernel", "0.imaginaryKernel", "2.weight", "2.bias"])
    model.freeze("0.*")
    let before = try model.parameters.map { try $0.parameter.value.scalars() }
    model.compile(optimizer: .sgd(learningRate: 0.1), loss: .meanSquaredError)
    let (x, loudness) = signals(16, 1)
    try model.fit(TensorDataset(x, loudness), epochs: 1, batchSize: 8, verbosity: .silent)
    let after = try model.parameters.map { try $0.parameter.value.scalars() }
    #expect(after[0] == before[0] && after[1] == before[1] && after[2] != before[2])
  }
}
