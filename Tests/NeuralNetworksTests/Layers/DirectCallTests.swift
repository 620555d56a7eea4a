import NeuralNetworks
import Testing

/// A layer that is called with an unsupported input ends the program with its name, both shapes, and the output printed
/// so far; it never broadcasts.
@Suite struct DirectCallTests {
  struct Mistake: Sendable, CustomTestStringConvertible {
    var testDescription: String
    let layer: @Sendable () -> any Layer
    /// Without the batch axis.
    let built: [Int]
    let called: [Int]
    let fragments: [String]

    init(
      _ name: String, _ layer: @escaping @Sendable () -> any Layer, _ built: [Int], _ called: [Int], _ texts: String...
    ) {
      (testDescription, self.layer, self.built, self.called) = ("\(name) \(built) \(called)", layer, built, called)
      fragments = ["0 (\(name))", "\(called)"] + texts
    }
  }

  static let batchAxis = "batch axis"

  static let mistakes: [Mistake] = [
    // An example without a batch axis.
    Mistake("Conv2D", { Conv2D(2, kernel: 2) }, [1, 3, 3], [1, 3, 3], "[N, 1, H, W]", batchAxis),
    Mistake("Conv1D", { Conv1D(2, kernel: 2) }, [1, 3], [1, 3], "[N, 1, L]", batchAxis),
    Mistake(
      "EinsumDense", { EinsumDense("abc,cd->abd", outputShape: [3, 2]) }, [3, 2], [3, 2], "[2, 2]", batchAxis),
    Mistake("EinsumDense", { EinsumDense("abc,cd->abd", outputShape: [-1, 2]) }, [3, 2], [4, 3, 1], "[2, 2]"),
    Mistake("ConvTranspose2D", { ConvTranspose2D(2, kernel: 2) }, [1, 3, 3], [1, 3, 3], "[N, 1, H, W]", batchAxis),
    Mistake("ConvTranspose1D", { ConvTranspose1D(2, kernel: 2) }, [1, 3], [1, 3], "[N, 1, L]", batchAxis),
    Mistake(
      "ConvTranspose3D", { ConvTranspose3D(2, kernel: 1) }, [1, 3, 3, 3], [1, 3, 3, 3], "[N, 1, D, H, W]", batchAxis),
    Mistake("MaxPool2D", { MaxPool2D(2) }, [1, 3, 3], [1, 3, 3], "[N, C, H, W]", batchAxis),
    Mistake("MaxPool1D", { MaxPool1D(2) }, [1, 3], [1, 3], "[N, C, L]", batchAxis),
    Mistake("AveragePool2D", { AveragePool2D(2) }, [1, 3, 3], [1, 3, 3], "[N, C, H, W]", batchAxis),
    Mistake("AveragePool1D", { AveragePool1D(2) }, [1, 3], [1, 3], "[N, C, L]", batchAxis),
    Mistake("AdaptiveAveragePool2D", { AdaptiveAveragePool2D(2) }, [1, 3, 3], [1, 3, 3], "[N, C, H, W]"),
    Mistake("AdaptiveMaxPool2D", { AdaptiveMaxPool2D(2) }, [1, 3, 3], [1, 3, 3], "[N, C, H, W]"),
    Mistake("AdaptiveMaxPool1D", { AdaptiveMaxPool1D(2) }, [1, 3], [1, 3], "[N, C, L]", batchAxis),
    Mistake(
      "AdaptiveAveragePool3D", { AdaptiveAveragePool3D(2) }, [1, 3, 3, 3], [1, 3, 3, 3], "[N, C, D, H, W]", batchAxis),
    Mistake("GlobalAveragePool2D", { GlobalAveragePool2D() }, [1, 3, 3], [1, 3, 3], "[N, C, H, W]"),
    Mistake("GlobalMaxPool1D", { GlobalMaxPool1D() }, [1, 3], [1, 3], "[N, C, L]"),
    Mistake("UpSampling2D", { UpSampling2D(2, .bilinear) }, [1, 3, 3], [1, 3, 3], "[N, C, H, W]", batchAxis),
    Mistake("UpSampling2D", { UpSampling2D(2) }, [1, 3, 3], [1, 3, 3], "[N, C, H, W]", batchAxis),
    Mistake("ZeroPadding2D", { ZeroPadding2D(1) }, [1, 3, 3], [1, 3, 3], "[N, C, H, W]", batchAxis),
    Mistake("Conv3D", { Conv3D(2, kernel: 1) }, [1, 3, 3, 3], [1, 3, 3, 3], "[N, 1, D, H, W]", batchAxis),
    Mistake("MaxPool3D", { MaxPool3D(1) }, [1, 3, 3, 3], [1, 3, 3, 3], "[N, C, D, H, W]", batchAxis),
    Mistake("ZeroPadding1D", { ZeroPadding1D(1) }, [1, 3], [1, 3], "[N, C, L]", batchAxis),
    Mistake("Cropping2D", { Cropping2D(1) }, [1, 3, 3], [1, 3, 3], "[N, C, H, W]", batchAxis),
    Mistake("Cropping1D", { Cropping1D(1) }, [1, 3], [1, 3], "[N, C, L]", batchAxis),
    Mistake("UpSampling1D", { UpSampling1D(2) }, [1, 3], [1, 3], "[N, C, L]", batchAxis),
    Mistake("Resizing", { Resizing(2) }, [1, 3, 3], [1, 3, 3], "[N, C, H, W]", batchAxis),
    Mistake("CenterCrop", { CenterCrop(2) }, [1, 3, 3], [1, 3, 3], "[N, C, H, W]", batchAxis),
    Mistake("RandomFlip", { RandomFlip() }, [1, 3, 3], [1, 3, 3], "[N, C, H, W]", batchAxis),
    Mistake("RandomCrop", { RandomCrop(2) }, [1, 3, 3], [1, 3, 3], "[N, C, H, W]", batchAxis),
    Mistake("PixelShuffle", { PixelShuffle(1) }, [1, 3, 3], [1, 3, 3], "[N, C, H, W]", batchAxis),
    Mistake("SeparableConv2D", { SeparableConv2D(2, kernel: 2) }, [2, 3, 3], [2, 3, 3], "[N, 2, H, W]", batchAxis),
    Mistake("SeparableConv1D", { SeparableConv1D(2, kernel: 2) }, [2, 3], [2, 3], "[N, 2, L]", batchAxis),
    Mistake("STFTSpectrogram", { STFTSpectrogram(frameLength: 3) }, [1, 8], [1, 8], "[N, C, L]", batchAxis),
    Mistake("PReLU", { PReLU(perChannel: true) }, [3], [3], "[N, 3, …]", batchAxis),
    Mistake("TimeDistributed", { TimeDistributed { Flatten() } }, [3, 2], [3, 2], "[N, steps, …]"),
    Mistake("BatchNorm", { BatchNorm() }, [3], [3], "[N, 3, …]", batchAxis),
    Mistake("GroupNorm", { GroupNorm(1) }, [3, 2], [3, 2], "[N, 3, …]"),
    Mistake("GroupNorm", { GroupNorm(1) }, [3], [3], "[N, 3, …]", batchAxis),
    Mistake("PositionalEmbedding", { PositionalEmbedding(3) }, [3, 2], [2], "[N, length, 2]"),
    Mistake("PositionalEmbedding", { PositionalEmbedding(3) }, [3, 2], [3, 2], "[N, length, 2]", batchAxis),
    Mistake("PositionalEncoding", { PositionalEncoding() }, [3, 2], [3, 2], "[N, length, width]"),
    Mistake("SpatialDropout", { SpatialDropout(0.5) }, [3, 2], [3, 2], "[N, C, positions…]", batchAxis),
    Mistake("SequenceAverage", { SequenceAverage() }, [3, 2], [3, 2], "[N, steps, features]", batchAxis),
    Mistake("LSTM", { LSTM(2) }, [3, 2], [3, 2], "[N, steps, features]"),
    Mistake("GRU", { GRU(2, masksZeros: true) }, [3, 2], [2], "[N, steps, features]"),
    Mistake("SimpleRNN", { SimpleRNN(2) }, [3, 2], [3, 2], "[N, steps, features]"),
    Mistake("Bidirectional", { Bidirectional { LSTM(2) } }, [3, 2], [3, 2], "[N, steps, features]"),
    Mistake("SelfAttention", { SelfAttention(heads: 1, width: 2) }, [3, 2], [3, 2], "[N, length, width]"),
    // A different number of channels, or a different width.
    Mistake("BatchNorm", { BatchNorm() }, [4, 3, 3], [2, 1, 3, 3], "[N, 4, …]"),
    Mistake("BatchNorm", { BatchNorm() }, [1, 3, 3], [2, 4, 3, 3], "[N, 1, …]"),
    Mistake("BatchNorm", { BatchNorm(isAffine: false) }, [4], [2, 1], "[N, 4, …]"),
    Mistake("GroupNorm", { GroupNorm(1) }, [4, 2, 2], [2, 1, 2, 2], "[N, 4, …]"),
    Mistake("GroupNorm", { GroupNorm(2, isAffine: false) }, [4, 2, 2], [2, 3, 2, 2], "2 groups"),
    Mistake("PositionalEmbedding", { PositionalEmbedding(5) }, [5, 4], [2, 5, 1], "[N, length, 4]"),
    Mistake("PositionalEmbedding", { PositionalEmbedding(5) }, [5, 4], [2, 6, 4], "5 positions"),
    Mistake("LayerNorm", { LayerNorm() }, [4], [2, 1], "[4]"),
    Mistake("RMSNorm", { RMSNorm() }, [1], [2, 4], "[1]"),
    Mistake("Dense", { Dense(3) }, [4], [2, 1], "[4, 3]"),
    Mistake("Conv2D", { Conv2D(2, kernel: 1) }, [3, 4, 4], [2, 1, 4, 4], "[N, 3, H, W]"),
    Mistake("Conv1D", { Conv1D(4, kernel: 1, groups: 2) }, [4, 4], [2, 1, 4], "[N, 4, L]"),
    Mistake("ConvTranspose2D", { ConvTranspose2D(2, kernel: 1) }, [3, 4, 4], [2, 1, 4, 4], "[N, 3, H, W]"),
    Mistake("SpatialDropout", { SpatialDropout(0.5) }, [3, 2], [2], "[N, C, positions…]"),
    Mistake(
      "TransformerEncoderBlock", { TransformerEncoderBlock(heads: 1, width: 4) }, [3, 4], [2, 3, 1], "width, 4"),
  ]

  @Test(arguments: mistakes.indices) func endsWithTheLayerAndBothShapes(_ index: Int) async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent, \.standardOutputContent]
    ) { [index] in
      let mistake = DirectCallTests.mistakes[index]
      let model = Sequential([mistake.layer()], inputShape: mistake.built)
      try model.build(inputShape: mistake.built, seed: 1)
      print("printed before")
      _ = model(.ones(mistake.called), .training(RandomStream(seed: 1)))
    }
    let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    for fragment in DirectCallTests.mistakes[index].fragments {
      #expect(message.contains(fragment), "\"\(fragment)\" is missing in: \(message)")
    }
    let output = String(decoding: result?.standardOutputContent ?? [], as: UTF8.self)
    #expect(output.contains("printed before"))
  }

  struct Call: Sendable {
    let fragments: [String]
    let body: @Sendable () -> Void
  }

  static let calls: [Call] = [
    // The innermost layer, with its path.
    Call(fragments: ["1.layers.0 (Dense)", "[2, 5]", "[3, 3]"]) {
      let model = Sequential(inputShape: [3]) {
        Flatten()
        Residual { Dense(3) }
      }
      _ = try? model.build(inputShape: [3])
      _ = model(.ones([2, 5]), .inference)
    },
    Call(fragments: ["Add", "[2, 3]", "[3]"]) { _ = Add()([.ones([2, 3]), .ones([3])], .inference) },
    Call(fragments: ["Multiply", "[2, 3]", "[2, 1]"]) { _ = Multiply()([.ones([2, 3]), .ones([2, 1])], .inference) },
    Call(fragments: ["Subtract", "3 inputs"]) {
      _ = Subtract()([.ones([2]), .ones([2]), .ones([2])], .inference)
    },
    Call(fragments: ["Maximum", "[2, 3]", "[2, 1]"]) { _ = Maximum()([.ones([2, 3]), .ones([2, 1])], .inference) },
    Call(fragments: ["Dot", "[3]", "[4]", "3 and 4"]) { _ = Dot()([.ones([2, 3]), .ones([2, 4])], .inference) },
    Call(fragments: ["MelSpectrogram", "[16]", "more than 1024 samples"]) {
      _ = MelSpectrogram()(.ones([2, 16]), .inference)
    },
    Call(fragments: ["Permute", "[2, 1]", "[3]"]) { _ = Permute([2, 1])(.ones([2, 3]), .inference) },
    Call(fragments: ["RepeatVector", "[3, 4]"]) { _ = RepeatVector(2)(.ones([2, 3, 4]), .inference) },
    Call(fragments: ["UnitNormalization", "axis 2", "[3]"]) {
      _ = UnitNormalization(axis: 2)(.ones([2, 3]), .inference)
    },
    Call(fragments: ["MaxPool1D", "causal"]) {
      _ = MaxPool1D(2, padding: .causal)(.ones([1, 1, 4]), .inference)
    },
    Call(fragments: ["TransformerDecoderBlock", "[1, 2, 3]", "4"]) {
      _ = TransformerDecoderBlock(heads: 1, width: 4)([.ones([1, 2, 3]), .ones([1, 2, 4])], .inference)
    },
    Call(fragments: ["Concatenate", "no inputs"]) { _ = Concatenate()([], .inference) },
    Call(fragments: ["MaxPool2D", "stride of 0x0"]) {
      _ = MaxPool2D(2, stride: 0, padding: .same)(.ones([1, 1, 4, 4]), .inference)
    },
    Call(fragments: ["AveragePool1D", "at most"]) {
      _ = AveragePool1D(.max, padding: .same)(.ones([1, 1, 4]), .inference)
    },
    Call(fragments: ["AdaptiveMaxPool2D", "output of 0x1"]) {
      _ = AdaptiveMaxPool2D([0, 1])(.ones([1, 1, 4, 4]), .inference)
    },
    Call(fragments: ["Reshape", "[0, -1]"]) { _ = Reshape([0, -1])(.ones([1, 4]), .inference) },
    Call(fragments: ["GroupNorm", "0 groups"]) { _ = GroupNorm(0, isAffine: false)(.ones([1, 4]), .inference) },
    Call(fragments: ["scaledDotProductAttention", "[3]"]) {
      _ = scaledDotProductAttention(.ones([3]), key: .ones([3]), value: .ones([3]), isCausal: true)
    },
    // Batches of 4 and 2, which are not heads; and heads of keys and of values that differ.
    Call(fragments: ["matmul", "[4] and [2]"]) {
      _ = scaledDotProductAttention(.ones([4, 3, 5]), key: .ones([2, 6, 5]), value: .ones([2, 6, 5]))
    },
    Call(fragments: ["scaledDotProductAttention", "[1, 2, 6, 5] and [1, 4, 6, 5]", "the same number of heads"]) {
      _ = scaledDotProductAttention(.ones([1, 4, 3, 5]), key: .ones([1, 2, 6, 5]), value: .ones([1, 4, 6, 5]))
    },
    Call(fragments: ["floating-point", "int32", "Dense"]) {
      _ = Dense(2)(Tensor(integers: [1, 2], shape: [1, 2]), .inference)
    },
    Call(fragments: ["Dense: the input has float16 elements, expected float32 ones", ".cast(to: .float32)"]) {
      _ = Dense(2)(Tensor([1, 2], shape: [1, 2], dtype: .float16), .inference)
    },
  ]

  @Test(arguments: calls.indices) func otherCallsEndWithAMessage(_ index: Int) async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { [index] in
      DirectCallTests.calls[index].body()
    }
    let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    for fragment in DirectCallTests.calls[index].fragments {
      #expect(message.contains(fragment), "\"\(fragment)\" is missing in: \(message)")
    }
  }
}
