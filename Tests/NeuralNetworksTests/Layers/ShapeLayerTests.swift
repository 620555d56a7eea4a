import Testing

@testable import NeuralNetworks

/// Layers that move, repeat, and cut, functions as layers, and layers for each step.
@Suite struct ShapeLayerTests {
  private func numbers(_ shape: [Int], on device: Device = .cpu) -> Tensor {
    Tensor((0..<shape.reduce(1, *)).map(Float.init), shape: shape, on: device)
  }

  private func message(_ layer: any Layer, _ input: [Int]) -> String {
    do {
      try layer.build(inputShape: input)
      return "built"
    } catch {
      return "\(error)"
    }
  }

  @Test(arguments: TestDevices.all) func axesAndSteps(_ device: Device) throws {
    let x = numbers([1, 2, 3], on: device)
    #expect(try Permute([2, 1])(x, .inference).scalars() == [0, 3, 1, 4, 2, 5])
    #expect(Permute([3, 1, 2])(numbers([2, 3, 4, 5], on: device), .inference).shape == [2, 5, 3, 4])
    let repeated = RepeatVector(2)(numbers([2, 2], on: device), .inference)
    #expect(repeated.shape == [2, 2, 2])
    #expect(try repeated.scalars() == [0, 1, 0, 1, 2, 3, 2, 3])
  }

  @Test(arguments: TestDevices.all) func edges(_ device: Device) throws {
    let images = numbers([1, 1, 4, 5], on: device)
    let cut = Cropping2D(top: 1, bottom: 2, left: 0, right: 3)(images, .inference)
    #expect(cut.shape == [1, 1, 1, 2])
    #expect(try cut.scalars() == [5, 6])
    #expect(Cropping2D([1, 2])(images, .inference).shape == [1, 1, 2, 1])
    // Keras cuts ⌊(5 − 2)/2⌋ columns on the left.
    #expect(try CenterCrop(2)(images, .inference).scalars() == [6, 7, 11, 12])
    let sequences = numbers([1, 1, 4], on: device)
    #expect(try Cropping1D(before: 1, after: 2)(sequences, .inference).scalars() == [1])
    #expect(try ZeroPadding1D(before: 1, after: 2)(sequences, .inference).scalars() == [0, 0, 1, 2, 3, 0, 0])
    #expect(try UpSampling1D(2)(sequences, .inference).scalars() == [0, 0, 1, 1, 2, 2, 3, 3])
    #expect(try Rescaling(2, offset: -1)(sequences, .inference).scalars() == [-1, 1, 3, 5])
    #expect(Resizing([8, 3])(images, .inference).shape == [1, 1, 8, 3])
  }

  @Test(arguments: TestDevices.all) func volumes(_ device: Device) throws {
    let volume = numbers([1, 1, 2, 1, 3], on: device)
    let padded = ZeroPadding3D(front: 1, bottom: 1, right: 2)(volume, .inference)
    #expect(padded.shape == [1, 1, 3, 2, 5])
    #expect(
      try padded.scalars() == [Float](repeating: 0, count: 10)
        + [0, 1, 2, 0, 0, 0, 0, 0, 0, 0, 3, 4, 5, 0, 0, 0, 0, 0, 0, 0])
    let cropping = Cropping3D(front: 1, bottom: 1, right: 2)
    #expect(try cropping(padded, .inference).scalars() == volume.scalars())
    #expect(ZeroPadding3D([1, 2, 3])(volume, .inference).shape == [1, 1, 4, 5, 9])
    #expect(Cropping3D([1, 2, 3])(.zeros([1, 1, 4, 5, 9], on: device), .inference).shape == [1, 1, 2, 1, 3])
    let larger = UpSampling3D([1, 2, 2])(volume, .inference)
    #expect(larger.shape == [1, 1, 2, 2, 6])
    #expect(try larger.scalars() == [0, 0, 1, 1, 2, 2, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 3, 3, 4, 4, 5, 5])
    // Each number gets the gradient of its copies, and the padding gets none.
    let weights = numbers([1, 1, 2, 2, 6], on: device)
    let (_, dx) = valueAndGradient(at: volume) { (UpSampling3D([1, 2, 2])($0, .inference) * weights).sum() }
    #expect(try dx.scalars() == [14, 22, 30, 62, 70, 78])
    let (_, edges) = valueAndGradient(at: volume) {
      (cropping(ZeroPadding3D(front: 1, bottom: 1, right: 2)($0, .inference), .inference) * volume).sum()
    }
    #expect(try edges.scalars() == volume.scalars())
  }

  @Test func badSettingsAreNamed() {
    #expect(message(ZeroPadding3D(-1), [1, 2, 4, 4]).contains("a padding of [-1, -1, -1, -1, -1, -1]"))
    #expect(message(Cropping3D(1), [1, 2, 4, 4]).contains("leaves nothing of [1, 2, 4, 4]"))
    #expect(message(Cropping3D(1), [1, 4, 4]).contains("[channels, depth, height, width], not [1, 4, 4]"))
    #expect(message(UpSampling3D([1, 0, 1]), [1, 2, 4, 4]).contains("a factor of [1, 0, 1]"))
    #expect(message(UpSampling3D(2), [1, 4, 4]).contains("[channels, depth, height, width], not [1, 4, 4]"))
    #expect(message(Permute([2, 2]), [3, 4]).contains("the axes [2, 2] of an example of shape [3, 4]"))
    #expect(message(Permute([1, 0]), [3, 4]).contains("counted from 1"))
    #expect(message(RepeatVector(0), [3]).contains("0 repetitions"))
    #expect(message(RepeatVector(2), [3, 4]).contains("[3, 4]"))
    #expect(message(Cropping2D(-1), [1, 4, 4]).contains("a cropping of [-1, -1, -1, -1]"))
    #expect(message(Cropping2D(2), [1, 4, 4]).contains("leaves nothing of [1, 4, 4]"))
    #expect(message(Cropping1D(2), [1, 4, 4]).contains("[channels, length], not [1, 4, 4]"))
    #expect(message(ZeroPadding1D(-1), [1, 4]).contains("a padding of [-1, -1]"))
    #expect(message(UpSampling1D(0), [1, 4]).contains("a factor of 0"))
    #expect(message(Resizing(0), [1, 4, 4]).contains("a size of 0x0"))
    #expect(message(CenterCrop([5, 2]), [1, 4, 4]).contains("5x2 is larger than the image of shape [1, 4, 4]"))
    #expect(message(Rescaling(.infinity), [1]).contains("a scale of inf"))
    #expect(message(PixelShuffle(2), [6, 4, 4]).contains("a factor of 2 for an example of shape [6, 4, 4]"))
    #expect(message(UnitNormalization(axis: 0), [3]).contains("axis 0 is none of"))
    #expect(message(PReLU(slope: .nan), [3]).contains("a slope of nan"))
    #expect(message(SeparableConv2D(0, kernel: 1), [3, 4, 4]).contains("0 filters"))
    #expect(message(SeparableConv1D(2, kernel: 1, depthMultiplier: 0), [3, 4]).contains("depth multiplier of 0"))
    #expect(message(SeparableConv2D(2, kernel: 5), [3, 4, 4]).contains("larger than the image of 4x4"))
    #expect(message(Conv2D(2, kernel: 3, padding: 4, paddingMode: .reflect), [1, 4, 4]).contains("at most 3"))
    #expect(message(Conv1D(2, kernel: 3, padding: 5, paddingMode: .circular), [1, 4]).contains("at most 4"))
    #expect(message(ConvTranspose1D(2, kernel: 3, padding: .causal), [1, 4]).contains("causal"))
    #expect(message(AveragePool1D(2, padding: .causal), [1, 4]).contains("causal"))
  }

  @Test func volumes() throws {
    func shape(_ layer: any Layer, _ input: [Int]) throws -> [Int] {
      try layer.build(inputShape: input)
      return layer(.zeros([2] + input), .inference).shape
    }
    #expect(try shape(Conv3D(5, kernel: [1, 2, 3], stride: [2, 1, 1], padding: 1), [3, 5, 6, 7]) == [2, 5, 4, 7, 7])
    #expect(try shape(Conv3D(5, kernel: 3, stride: 2, padding: .same), [3, 5, 6, 7]) == [2, 5, 3, 3, 4])
    #expect(try shape(MaxPool3D(2), [3, 5, 6, 7]) == [2, 3, 2, 3, 3])
    #expect(try shape(GlobalMaxPool3D(), [3, 5, 6, 7]) == [2, 3])
    #expect(try shape(GlobalAveragePool3D(), [3, 5, 6, 7]) == [2, 3])
    #expect(message(Conv3D(2, kernel: 3), [1, 4, 4]).contains("[channels, depth, height, width], not [1, 4, 4]"))
    #expect(message(Conv3D(2, kernel: 5), [1, 4, 6, 6]).contains("larger than the volume of [4, 6, 6]"))
    #expect(message(Conv3D(2, kernel: 0), [1, 4, 6, 6]).contains("a window of [0, 0, 0]"))
    #expect(message(Conv3D(2, kernel: 3, groups: 2), [1, 4, 6, 6]).contains("2 groups do not divide 1"))
    #expect(message(Conv3D(2, kernel: 3, padding: 4, paddingMode: .reflect), [1, 4, 6, 6]).contains("at most 3"))
    let enlarged = try shape(ConvTranspose3D(5, kernel: 3, stride: [1, 2, 3], padding: .same), [3, 2, 3, 4])
    #expect(enlarged == [2, 5, 2, 6, 12])
    #expect(message(ConvTranspose3D(2, kernel: 3), [1, 4]).contains("[channels, depth, height, width], not [1, 4]"))
    #expect(message(ConvTranspose3D(2, kernel: 0), [1, 4, 6, 6]).contains("a window of [0, 0, 0]"))
    #expect(message(ConvTranspose3D(4, kernel: 3, groups: 2), [3, 4, 4, 4]).contains("2 groups do not divide 3"))
    #expect(
      message(ConvTranspose3D(2, kernel: 3, stride: [2, 1, 2], outputPadding: 1), [1, 4, 4, 4])
        .contains("an output padding of [1, 1, 1]; each number is less than the stride of [2, 1, 2]"))
    #expect(
      message(ConvTranspose3D(2, kernel: 1, padding: 1), [1, 3, 2, 3]).contains("leaves an output of [1, 0, 1]"))
    #expect(
      message(ConvTranspose3D(2, kernel: 3, stride: 2, padding: .same, outputPadding: 1), [1, 3, 2, 3])
        .contains("an output padding together with the padding \"same\""))
    var configuration = ConvTranspose3D(2, kernel: 3).configuration
    configuration.convolution.paddingMode = .reflect
    #expect(message(ConvTranspose3D(configuration: configuration), [1, 4, 4, 4]).contains("a padding reflect"))
    #expect(
      message(AdaptiveMaxPool3D([1, 0, 2]), [1, 4, 4, 4]).contains("an output of 1x0x2; each number is from 1 to 4096"))
    #expect(message(AdaptiveMaxPool3D(4096), [1, 4, 4, 4]).contains("an output of [4096, 4096, 4096] has more than"))
    #expect(message(AdaptiveAveragePool3D(2), [4, 4, 4]).contains("[channels, depth, height, width], not [4, 4, 4]"))
    #expect(message(AdaptiveAveragePool1D(4097), [1, 4]).contains("an output of 4097; it is from 1 to 4096"))
    #expect(message(AdaptiveMaxPool1D(2), [1, 4, 4]).contains("a sequence [channels, length], not [1, 4, 4]"))
    #expect(message(MaxPool3D(2, padding: .same), [1, 4, 6, 6]).contains("same"))
    #expect(message(AveragePool3D(2, padding: 2), [1, 4, 6, 6]).contains("more than half"))
    #expect(message(GlobalMaxPool3D(), [4, 6, 6]).contains("not [4, 6, 6]"))
  }

  /// Of equal numbers in a window, the first in memory order gets the gradient, as in PyTorch.
  @Test(arguments: TestDevices.all) func equalMaximaOfAdaptiveWindows(_ device: Device) throws {
    let volume = Tensor([0, 1, 1, 1, 1, 0, 1, 0, 0, 1, 1, 1], shape: [1, 1, 3, 2, 2], on: device)
    let (y, dx) = valueAndGradient(at: volume) { AdaptiveMaxPool3D([2, 1, 1])($0, .inference).sum() }
    #expect(try y.item() == 2)
    #expect(try dx.scalars() == [0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0])
  }

  /// Each step has its own result, as if it were an example.
  @Test(arguments: TestDevices.all) func stepsAreSeparate(_ device: Device) throws {
    let layers: [any Layer] = [Conv2D(2, kernel: 2, activation: .tanh), GlobalAveragePool2D(), Dense(3)]
    let layer = TimeDistributed(layers)
    try layer.build(inputShape: [4, 1, 3, 3], on: device, seed: 1)
    let x = Tensor.normal([2, 4, 1, 3, 3], using: RandomStream(seed: 2), on: device)
    let y = layer(x, .inference)
    #expect(y.shape == [2, 4, 3])
    for step in 0..<4 {
      let expected = layers.applied(to: x[.all, step], .inference)
      #expect(try (y[.all, step] - expected).magnitude().max().item() < 1e-6)
    }
    #expect(layer.parameters.paths.first == "layers.0.weight" && layer.allowsReplay)
    let shrinking = TimeDistributed { Lambda { $0.sum(axis: 0) } }
    #expect(message(shrinking, [4, 3]).contains("TimeDistributed"))
  }

  /// A layer after the steps is blamed for its own mistake.
  @Test func stepsKeepTheBatchAxis() throws {
    let model = Sequential(inputShape: [4, 3]) {
      TimeDistributed { Dense(2) }
      Lambda { $0.sum(axis: 0) }
    }
    model.compile(optimizer: .sgd(), loss: .meanSquaredError)
    let data = TensorDataset(.zeros([6, 4, 3]), .zeros([6, 2]))
    #expect { try model.fit(data, verbosity: .silent) } throws: { error in
      "\(error)".contains("1 (Lambda)") && "\(error)".contains("batch axis is lost")
    }
  }

  @Test(arguments: TestDevices.real) func functionsAreLayers(_ device: Device) throws {
    let model = Sequential(inputShape: [4, 3]) {
      Lambda(allowsReplay: true) { x in x.mean(axis: 1) * 2 }
      Dense(1)
    }
    #expect(model.allowsReplay && !Lambda { $0 }.allowsReplay)
    #expect(try model.summary().rows[0].outputShape == [3])
    model.compile(optimizer: .sgd(), loss: .meanSquaredError, device: device)
    let x = Tensor.normal([8, 4, 3], using: RandomStream(seed: 1))
    try model.fit(TensorDataset(x, .zeros([8, 1])), epochs: 2, verbosity: .silent)
    let copy = try model.copy()
    #expect(try copy.predict(x).scalars() == model.predict(x).scalars())
    #expect { try Architecture(of: model) } throws: { "\($0)".contains("Lambda") }
  }

  /// Values of Keras' merging layers, from their formulas.
  @Test(arguments: TestDevices.all) func merges(_ device: Device) throws {
    let (a, b) = (Tensor([[1, -2, 3]], on: device), Tensor([[4, 2, 3]], on: device))
    func found(_ merge: any MergeLayer, _ inputs: [Tensor]) throws -> [Float] {
      try merge(inputs, .inference).scalars()
    }
    #expect(try found(Subtract(), [a, b]) == [-3, -4, 0])
    #expect(try found(Average(), [a, b, b]) == [3, 2.0 / 3, 3])
    #expect(try found(Maximum(), [a, b]) == [4, 2, 3])
    #expect(try found(Minimum(), [a, b, -b]) == [-4, -2, -3])
    #expect(try found(Dot(), [a, b]) == [9])
    #expect(Dot()([a, b], .inference).shape == [1, 1])
    let cosine = try found(Dot(normalizes: true), [a, b])[0]
    #expect(abs(cosine - 9 / Float(14 * 29).squareRoot()) < 1e-6)
    let (x, y) = (numbers([2, 3, 2], on: device), numbers([2, 4, 3], on: device))
    let products = Dot(axes: [1, 2])([x, y], .inference)
    #expect(try products.scalars() == Tensor.einsum("nka,nbk->nab", x, y).scalars())
    let integers = [Tensor(integers: [1, -2], on: device), Tensor(integers: [4, -3], on: device)]
    #expect(try Average()(integers, .inference).scalars(as: Int32.self) == [2, -2])
    // Equal numbers share the gradient of a maximum, as in maximum(_:).
    let (_, gradients) = valueAndGradient(at: [a, b]) { Maximum()($0, .inference).sum() }
    let (_, expected) = valueAndGradient(at: [a, b]) { $0[0].maximum($0[1]).sum() }
    #expect(try gradients[0].scalars() == expected[0].scalars())
  }

  @Test func vectorsOfAnyLengthAreNormalized() throws {
    func unit(_ numbers: [Float]) throws -> [Float] {
      try UnitNormalization()(Tensor(numbers, shape: [1, numbers.count]), .inference).scalars()
    }
    #expect(try unit([3e30, 4e30]).map { ($0 * 10).rounded() } == [6, 8])
    #expect(try unit([0, 0]) == [0, 0])
    #expect(try unit([5e-13, 0])[0] == 0.5)
    #expect(try unit([.nan, 1])[1].isNaN)
    let (_, gradient) = valueAndGradient(at: Tensor.zeros([1, 2])) { UnitNormalization()($0, .inference).sum() }
    #expect(try gradient.scalars().allSatisfy(\.isFinite))
  }

  /// The gradient at 0 is the slope.
  @Test(arguments: TestDevices.all) func slopes(_ device: Device) throws {
    let layer = PReLU()
    try layer.build(inputShape: [4], on: device)
    let x = Tensor([-2, 0, 3, .nan], shape: [1, 4], on: device)
    let y = try layer(x, .inference).scalars()
    #expect(Array(y[..<3]) == [-0.5, 0, 3] && y[3].isNaN)
    let (_, gradient) = valueAndGradient(at: x) { layer($0, .inference)[0, ..<3].sum() }
    #expect(Array(try gradient.scalars()[..<3]) == [0.25, 0.25, 1])
  }

  /// Both preserve mean 0 and variance 1, and do nothing in inference.
  @Test(arguments: TestDevices.all) func noiseWithTheSameMoments(_ device: Device) throws {
    let x = Tensor.normal([40_000], using: RandomStream(seed: 1), on: device)
    let alpha = AlphaDropout(0.3)(x, .training(RandomStream(seed: 2)))
    #expect(try abs(alpha.mean().item()) < 0.03 && abs(alpha.variance().item() - 1) < 0.03)
    // PyTorch: a = (0.7 + 0.7·0.3·α²)^−½ and b = −a·α·0.3 with α = −1.7580993408473766, for which dropped numbers are aα + b.
    let dropped = try alpha.scalars().filter { abs($0 - -1.0595482) < 1e-5 }
    let share = Double(dropped.count) / 40_000
    #expect(abs(share - 0.3) < 0.01)
    let factors = GaussianDropout(0.2)(.ones([40_000], on: device), .training(RandomStream(seed: 3)))
    #expect(try abs(factors.mean().item() - 1) < 0.01 && abs(factors.variance().item() - 0.25) < 0.01)
    #expect(try AlphaDropout(0.3)(x, .inference).scalars() == x.scalars())
    #expect(try GaussianDropout(0.3)(x, .inference).scalars() == x.scalars())
    #expect(message(AlphaDropout(1), [3]).contains("a probability of 1.0"))
    #expect(message(GaussianDropout(-1), [3]).contains("a probability of -1.0"))
  }
}
