import Testing

@testable import NeuralNetworks

@Suite struct ConvolutionLayerTests {
  /// Shapes of outputs as PyTorch (numbers) and Keras (`same`) have them.
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
  }

  /// A network of convolutions learns to tell bars that stand from bars that lie, on every device, with steps that are replayed.
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
