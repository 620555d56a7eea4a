import Testing

@testable import NeuralNetworks

@Suite struct ConvolutionLayerTests {
  /// Output shapes as in PyTorch (numbers) and Keras (`same`).
  @Test func shapes() throws {
    func shape(_ layer: any Layer, _ input: [Int]) throws -> [Int] {
      try layer.build(inputShape: input)
      return layer(.zeros([2] + input), .inference).shape
    }
    #expect(try shape(Conv2D(5, kernel: 3), [2, 8, 9]) == [2, 5, 6, 7])
    #expect(
      try shape(Conv2D(5, kernel: [2, 3], stride: [3, 2], padding: .explicit(1, 0)), [2, 8, 9]) == [2, 5, 3, 4])
    for extent in 5...9 {
      let layer = Conv2D(1, kernel: 4, stride: 2, padding: .same)
      #expect(try shape(layer, [1, extent, extent]) == [2, 1, (extent + 1) / 2, (extent + 1) / 2])
    }
    #expect(try shape(MaxPool2D(2), [3, 7, 8]) == [2, 3, 3, 4])
    #expect(try shape(AveragePool2D(3, stride: 1, padding: .same), [3, 7, 8]) == [2, 3, 7, 8])
    #expect(try shape(GlobalAveragePool2D(), [3, 7, 8]) == [2, 3])
    #expect(try shape(GlobalMaxPool2D(), [3, 7, 8]) == [2, 3])
    #expect(try shape(AdaptiveAveragePool2D([3, 2]), [4, 7, 9]) == [2, 4, 3, 2])
    #expect(try shape(AdaptiveMaxPool2D(9), [4, 7, 9]) == [2, 4, 9, 9])
    #expect(try shape(ZeroPadding2D([1, 2]), [3, 7, 8]) == [2, 3, 9, 12])
    #expect(try shape(UpSampling2D([2, 3]), [3, 7, 8]) == [2, 3, 14, 24])
    #expect(try shape(ConvTranspose2D(5, kernel: 3, stride: 2, padding: 1), [3, 7, 8]) == [2, 5, 13, 15])
    #expect(
      try shape(ConvTranspose2D(5, kernel: 3, stride: 2, padding: 1, outputPadding: 1), [3, 7, 8]) == [2, 5, 14, 16])
    for kernel in 1...5 {
      for stride in 1...3 {
        let layer = ConvTranspose2D(2, kernel: Extent2D(kernel, 2), stride: Extent2D(stride, 2), padding: .same)
        #expect(try shape(layer, [3, 4, 5]) == [2, 2, 4 * stride, 10])
      }
    }
  }

  @Test func shapesOfSequences() throws {
    func shape(_ layer: any Layer, _ input: [Int]) throws -> [Int] {
      try layer.build(inputShape: input)
      return layer(.zeros([2] + input), .inference).shape
    }
    #expect(try shape(Conv1D(5, kernel: 3), [2, 9]) == [2, 5, 7])
    #expect(try shape(Conv1D(4, kernel: 3, stride: 2, padding: .same, groups: 2), [2, 9]) == [2, 4, 5])
    #expect(try shape(ConvTranspose1D(5, kernel: 4, stride: 3, outputPadding: 2), [2, 9]) == [2, 5, 30])
    #expect(try shape(MaxPool1D(2), [3, 9]) == [2, 3, 4])
    #expect(try shape(AveragePool1D(3, stride: 1, padding: 1), [3, 9]) == [2, 3, 9])
    #expect(try shape(GlobalAveragePool1D(), [3, 9]) == [2, 3])
    #expect(try shape(GlobalMaxPool1D(), [3, 9]) == [2, 3])
  }

  @Test func badSettingsAreNamed() throws {
    func message(_ layer: any Layer, _ input: [Int]) -> String {
      do {
        try layer.build(inputShape: input)
        return "built"
      } catch {
        return "\(error)"
      }
    }
    #expect(message(Conv2D(0, kernel: 3), [1, 8, 8]).contains("0 filters"))
    #expect(message(Conv2D(4, kernel: 3), [8, 8]).contains("[channels, height, width]"))
    #expect(message(Conv2D(4, kernel: 5, dilation: 2), [1, 8, 9]).contains("9x9 is larger than the image of 8x9"))
    #expect(message(Conv2D(4, kernel: 3, groups: 3), [4, 8, 8]).contains("3 groups do not divide 4 channels and 4"))
    #expect(message(Conv2D(4, kernel: 3, stride: 0), [1, 8, 8]).contains("a stride of 0x0"))
    #expect(message(Conv2D(4, kernel: 3, padding: -1), [1, 8, 8]).contains("a padding of -1"))
    #expect(message(MaxPool2D(2, padding: 2), [1, 8, 8]).contains("more than half of the window 2x2"))
    #expect(message(MaxPool2D(9), [1, 8, 8]).hasPrefix("MaxPool2D"))
    #expect(message(GlobalMaxPool2D(), [8]).contains("[8]"))
    #expect(message(Conv1D(4, kernel: 5), [2, 4]).contains("over 5 is larger than the sequence of 4"))
    #expect(message(Conv1D(4, kernel: 5), [4]).contains("[channels, length], not [4]"))
    #expect(message(Conv1D(4, kernel: 3, groups: 3), [4, 8]).contains("3 groups do not divide 4 channels and 4"))
    #expect(message(Conv1D(4, kernel: 0), [4, 8]).contains("a window of 0; it is at least 1"))
    #expect(message(MaxPool1D(9), [4, 8]).hasPrefix("MaxPool1D"))
    #expect(message(AveragePool1D(2, padding: 2), [4, 8]).contains("a padding of 2 is more than half of the window 2"))
    #expect(message(GlobalAveragePool1D(), [4, 8, 8]).contains("[channels, length]"))
    #expect(message(ConvTranspose2D(4, kernel: 3, groups: 2), [3, 8, 8]).contains("2 groups do not divide 3"))
    #expect(message(ConvTranspose2D(4, kernel: 3, outputPadding: 1), [3, 8, 8]).contains("an output padding of 1x1"))
    #expect(message(ConvTranspose2D(4, kernel: 1, padding: 4), [3, 8, 8]).contains("leaves an output of 0x0"))
    let both = ConvTranspose1D(4, kernel: 2, stride: 2, padding: .same, outputPadding: 1)
    #expect(message(both, [3, 8]).contains("together with"))
    #expect(message(AdaptiveMaxPool2D([0, 1]), [3, 8, 8]).contains("an output of 0x1"))
    #expect(message(ZeroPadding2D(-1), [3, 8, 8]).contains("[-1, -1, -1, -1]"))
    #expect(message(UpSampling2D(0), [3, 8, 8]).contains("a factor of 0x0"))
    #expect(message(UpSampling2D(2), [8]).contains("not [8]"))
  }

  /// The errors of `fit` and `predict` for images that are too small for the windows.
  @Test func smallImagesAreRefused() throws {
    let model = Sequential {
      Conv2D(2, kernel: 3)
      MaxPool2D(3)
      Flatten()
      Dense(2)
    }
    model.compile(optimizer: .sgd(learningRate: 0.1), loss: .crossEntropy())
    let data = TensorDataset(.zeros([4, 1, 4, 4]), Tensor(integers: [0, 1, 0, 1]))
    #expect { try model.fit(data, epochs: 1, verbosity: .silent) } throws: { "\($0)".contains("MaxPool2D") }
    #expect { try model.predict(.zeros([4, 1, 4, 4])) } throws: { "\($0)".contains("MaxPool2D") }
  }

  /// A network of convolutions learns to distinguish vertical from horizontal bars, on every device, with replayed
  /// steps.
  @Test(arguments: TestDevices.real) func learns(_ device: Device) throws {
    var random = Knuth(3)
    var pixels: [Float] = []
    var labels: [Int] = []
    for example in 0..<96 {
      let (stands, place) = (example % 2 == 0, Int((random.next() + 1) * 3))
      for row in 0..<6 {
        for column in 0..<6 {
          pixels.append(Float((stands ? column : row) == place ? 1 : 0.2 * random.next()))
        }
      }
      labels.append(example % 2)
    }
    let model = Sequential {
      Conv2D(4, kernel: 3, padding: .same, activation: .relu)
      MaxPool2D(2)
      Conv2D(8, kernel: 3, activation: .gelu)
      GlobalAveragePool2D()
      Dense(2)
    }
    model.compile(
      optimizer: .adam(learningRate: 0.02), loss: .crossEntropy(), metrics: [.accuracy], device: device)
    let data = TensorDataset(Tensor(pixels, shape: [96, 1, 6, 6]), Tensor(integers: labels))
    let history = try model.fit(data, epochs: 12, batchSize: 16, seed: 1, verbosity: .silent)
    #expect(try #require(history.epochs.last?["accuracy"]) > 0.95)
    #expect(model.allowsReplay)
  }

  @Test func describesSequencesAndTransposedConvolutions() throws {
    let images = Sequential {
      ZeroPadding2D(top: 1, bottom: 0, left: 0, right: 2)
      UpSampling2D([1, 2], .bilinear)
      ConvTranspose2D(4, kernel: [3, 2], stride: 2, padding: 1, outputPadding: [1, 0], groups: 2, activation: .silu)
      AdaptiveAveragePool2D([5, 4])
      AdaptiveMaxPool2D([2, 3])
      GlobalMaxPool2D()
    }
    let sequences = Sequential {
      Conv1D(4, kernel: 3, padding: 2, dilation: 2, activation: .relu)
      ConvTranspose1D(2, kernel: 3, stride: 2, padding: .same, useBias: false)
      MaxPool1D(2, stride: 1)
      AveragePool1D(3, padding: .same, countsPadding: false)
      AdaptiveAveragePool1D(8)
      AdaptiveMaxPool1D(3)
      GlobalAveragePool1D()
    }
    let volumes = Sequential {
      ConvTranspose3D(
        4, kernel: [3, 2, 1], stride: 2, padding: .explicit([1, 0, 0]), outputPadding: [1, 0, 1], groups: 2,
        activation: .silu)
      AdaptiveAveragePool3D([3, 4, 2])
      AdaptiveMaxPool3D([2, 3, 2])
      GlobalMaxPool3D()
    }
    for (model, shape) in [(images, [2, 7, 6]), (sequences, [3, 20]), (volumes, [2, 3, 4, 3])] {
      let again = Sequential(architecture: try Architecture(of: model))
      for network in [model, again] { try network.build(inputShape: shape, seed: 5) }
      let input = Tensor.normal([2] + shape, using: RandomStream(seed: 1))
      #expect(try model(input, .inference).scalars() == again(input, .inference).scalars())
    }
  }

  @Test func describesItself() throws {
    let model = Sequential {
      Conv2D(4, kernel: [3, 2], stride: 2, padding: .explicit(1, 0), groups: 2, activation: .silu, useBias: false)
      MaxPool2D(2, padding: .same)
      AveragePool2D(2, stride: 1, countsPadding: false)
      GlobalAveragePool2D()
    }
    let again = Sequential(architecture: try Architecture(of: model))
    for network in [model, again] { try network.build(inputShape: [2, 15, 14], seed: 5) }
    let input = Tensor.normal([2, 2, 15, 14], using: RandomStream(seed: 1))
    #expect(try model(input, .inference).scalars() == again(input, .inference).scalars())
  }
}
