import NeuralNetworks

extension Case {
  /// Predictions of a known network, whose planes shrink from 112x112 to 7x7 while its channels grow.
  static var networks: [Case] { [1, 8].map(mobileNet) }

  private static func mobileNet(_ batch: Int) -> Case {
    let work = Work.operations(Double(batch) * MobileNetV2.operations)
    return Case(
      name: "predictor", shape: "MobileNetV2 \(batch)x3x224x224", work: work, isLarge: true
    ) { device in
      let predictor = try MobileNetV2.predictor(on: device)
      let images = operand([batch, 3, 224, 224], device)
      return { try predictor.predict(images) }
    }
  }
}

/// MobileNetV2 with width 1 for 1,000 classes (Sandler et al., MobileNetV2: Inverted Residuals and Linear Bottlenecks,
/// 2018, table 2), with random weights, and relu for relu6.
package enum MobileNetV2 {
  /// Operations of one image of 224x224: 300 million multiply-adds, according to the paper.
  static let operations = 600e6

  /// Each row of the table: the expansion, the channels of the result, the number of blocks, and the first stride.
  private static let stages = [
    (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1),
  ]

  /// Creates a predictor on a device.
  package static func predictor(on device: Device) throws -> Predictor { Predictor(try model(on: device)) }

  /// Creates the network on a device.
  package static func model(on device: Device) throws -> sending Sequential {
    var layers = convolution(32, kernel: 3, stride: 2)
    var channels = 32
    for (expansion, filters, count, stride) in stages {
      for index in 0..<count {
        layers += block(from: channels, to: filters, expansion: expansion, stride: index == 0 ? stride : 1)
        channels = filters
      }
    }
    layers += convolution(1280, kernel: 1) + [GlobalAveragePool2D(), Dense(1000)]
    let model = Sequential(layers)
    try model.build(inputShape: [3, 224, 224], on: device, seed: 1)
    return model
  }

  private static func convolution(
    _ filters: Int, kernel: Int, stride: Int = 1, groups: Int = 1, isActivated: Bool = true
  ) -> [any Layer] {
    let convolution = Conv2D(
      filters, kernel: Extent2D(kernel, kernel), stride: Extent2D(stride, stride), padding: .same, groups: groups,
      useBias: false)
    return [convolution, BatchNorm()] + (isActivated ? [Activation(.relu)] : [])
  }

  /// An inverted residual block: pointwise to more channels, a convolution of each channel, pointwise to fewer.
  private static func block(from channels: Int, to filters: Int, expansion: Int, stride: Int) -> [any Layer] {
    let wide = channels * expansion
    let layers =
      (expansion == 1 ? [] : convolution(wide, kernel: 1)) + convolution(wide, kernel: 3, stride: stride, groups: wide)
      + convolution(filters, kernel: 1, isActivated: false)
    return stride == 1 && channels == filters ? [Residual(layers)] : layers
  }
}
