#if OpenCL
import BackendOpenCL
import NeuralNetworks
import Tensors
import Testing

/// There is no fallback to the host: an eager, recorded, or replayed training step on a device reads nothing from it.
@Suite(.serialized) struct HostReadTests {
  struct Network: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let inputShape: [Int]
    var areTokens = false
    let layers: @Sendable () -> [any Layer]

    static let all = [
      Network(testDescription: "images", inputShape: [2, 12, 11]) {
        [
          ZeroPadding2D(1), Conv2D(4, kernel: 3, stride: 2, padding: .same, groups: 2, activation: .relu), BatchNorm(),
          Conv2D(4, kernel: 3, padding: 1, groups: 4, activation: .gelu), MaxPool2D(2), UpSampling2D(2, .bilinear),
          ConvTranspose2D(4, kernel: 3, stride: 2, activation: .tanh), GroupNorm(2), UpSampling2D(2),
          AveragePool2D(2, padding: .same), AdaptiveMaxPool2D([5, 4]), AdaptiveAveragePool2D([3, 2]),
          Residual { Conv2D(4, kernel: 1) }, Dropout(0.2), SeparableConv2D(4, kernel: 2, padding: .same),
          Resizing([6, 5], .bicubic), Conv2D(4, kernel: 3, padding: 1, paddingMode: .reflect), PReLU(perChannel: true),
          PixelShuffle(2), Cropping2D(1), CenterCrop([4, 5]), Rescaling(0.5), GlobalAveragePool2D(), Dense(1),
        ]
      },
      Network(testDescription: "variation", inputShape: [3, 8, 7]) {
        [
          RandomFlip(), RandomAffine(degrees: 9, fillMode: .wrap), RandomBrightness(0.1), RandomContrast(0.1),
          RandomColorJitter(brightness: 0.1, contrast: 0.1, saturation: 0.1, hue: 0.1), RandomGrayscale(),
          RandomGaussianBlur(), RandomErasing(), RandomCrop([5, 6]), Flatten(), Dense(1),
        ]
      },
      Network(testDescription: "sequences", inputShape: [3, 20]) {
        [
          Conv1D(4, kernel: 3, dilation: 2, activation: .silu), MaxPool1D(2), ConvTranspose1D(3, kernel: 2, stride: 2),
          AveragePool1D(2), Conv1D(4, kernel: 2, padding: .causal), SeparableConv1D(3, kernel: 2), ZeroPadding1D(1),
          UpSampling1D(2, .bilinear), Cropping1D(1), Permute([2, 1]), TimeDistributed { Dense(3) }, Permute([2, 1]),
          UnitNormalization(), GlobalMaxPool1D(), AlphaDropout(0.1), GaussianDropout(0.1), RepeatVector(2), Flatten(),
          Dense(1),
        ]
      },
      Network(testDescription: "recurrent", inputShape: [5], areTokens: true) {
        [
          Embedding(9, 6), Bidirectional { LSTM(4, returnsSequence: true) }, GRU(4, returnsSequence: true),
          SimpleRNN(4),
          Dense(1),
        ]
      },
      Network(testDescription: "attention", inputShape: [5], areTokens: true) {
        [
          Embedding(9, 8), PositionalEncoding(), TransformerEncoderBlock(heads: 2, width: 8), LayerNorm(), RMSNorm(),
          SelfAttention(heads: 2, width: 8, isCausal: true), Flatten(), GaussianNoise(0.1), Dense(1),
        ]
      },
    ]
  }

  @Test(arguments: TestDevices.openCL, Network.all) func aStepReadsNothing(_ device: Device, _ network: Network) throws
  {
    let backend = try OpenCLBackend.profiled(OpenCLDevice.named(device.identifier))
    let own = Device(backend)
    let model = Sequential(network.layers(), inputShape: network.inputShape)
    try model.build(inputShape: network.inputShape, on: own, seed: 1)
    let step = try TrainingStep(
      model, optimizer: .adam(clipping: .globalNorm(1)), loss: .meanSquaredError, seed: 1)
    let shape = [4] + network.inputShape
    let input =
      network.areTokens
      ? Tensor(integers: (0..<20).map { $0 % 9 }, shape: shape)
      : Tensor.uniform(shape, in: -1..<1, using: RandomStream(seed: 1))
    let batch = Batch(input: input, target: .zeros([4, 1]))
    // A step that is not recorded checks that tokens are in range, which is not a computation of the device.
    if network.areTokens { _ = try step(batch) }
    let reads = backend.hostReadCount
    var loss = Tensor(0)
    for _ in 0..<4 { loss = try step(batch).loss }
    #expect(backend.hostReadCount == reads)
    _ = try loss.item()
    #expect(backend.hostReadCount == reads + 1)
  }
}
#endif
