import Tensors

extension GradientCase {
  static let layerFunctions: [GradientCase] = [
    GradientCase("convolution of sequences", .signed([2, 2, 5]), .signed([2, 1, 2]), .signed([2])) { x in
      x[0].convolution(x[1], bias: x[2], stride: 2, padding: 1, groups: 2)
    },
    GradientCase("convolution of volumes", .signed([1, 2, 3, 2, 3]), .signed([2, 2, 2, 2, 2]), .signed([2])) { x in
      x[0].convolution(x[1], bias: x[2], padding: [1, 0, 0], dilation: [2, 1, 1])
    },
    GradientCase("transposedConvolution of sequences", .signed([1, 2, 3]), .signed([2, 2, 2]), .signed([2])) { x in
      x[0].transposedConvolution(x[1], bias: x[2], stride: 2, padding: 1, outputPadding: 1)
    },
    GradientCase("transposedConvolution of volumes", .signed([1, 2, 2, 2, 1]), .signed([2, 1, 3, 1, 2])) { x in
      x[0].transposedConvolution(x[1], stride: [2, 1, 1], padding: [1, 0, 0], groups: 2)
    },
    GradientCase("transposedConvolution, padded", .signed([1, 1, 2, 2]), .signed([1, 2, 2, 2]), .signed([2])) { x in
      x[0].transposedConvolution(x[1], bias: x[2], padding: [1, 0], outputPadding: [2, 1], dilation: [3, 2])
    },
    of("maxPooled, rounding up", [1, 2, 5, 4]) { $0.maxPooled(3, stride: 2, padding: 1, ceilMode: true) },
    of("maxPooled volumes", [1, 1, 3, 3, 4]) { $0.maxPooled(2, stride: 1) },
    of("maxUnpooled", [1, 1, 2, 2]) { x in
      x.maxUnpooled(at: Tensor(integers: [5, 0, 7, 8], shape: [1, 1, 2, 2], on: x.device), to: 3)
    },
    of("averagePooled, rounding up", [1, 1, 5, 4]) { $0.averagePooled(3, stride: 2, padding: 1, ceilMode: true) },
    of("averagePooled volumes", [1, 1, 3, 3, 4]) { $0.averagePooled(2, stride: 1) },
    of("padded, reflect", [2, 3]) { $0.padded([(1, 0), (2, 1)], mode: .reflect) },
    of("padded, replicate", [2, 3]) { $0.padded([(1, 0), (2, 1)], mode: .replicate) },
    of("padded, circular", [2, 3]) { $0.padded([(1, 0), (2, 1)], mode: .circular) },
    of("resized, nearest", [1, 1, 3, 4]) { $0.resized(to: [5, 2], method: .nearest) },
    of("resized, bilinear", [1, 1, 3, 4]) { $0.resized(to: [5, 2]) },
    of("resized, bicubic", [1, 1, 3, 4]) { $0.resized(to: [5, 3], method: .bicubic) },
    of("resized, area", [1, 1, 5, 4]) { $0.resized(to: [3, 2], method: .area) },
    of("pixelShuffled", [1, 4, 2, 1]) { $0.pixelShuffled(by: 2) },
    of("pixelUnshuffled", [1, 2, 4]) { $0.pixelUnshuffled(by: 2) },
    of("unfolded", [1, 2, 3, 3]) { $0.unfolded(2, padding: 1) },
    of("folded", [1, 8, 4]) { $0.folded(to: 3, window: 2) },
    GradientCase("gridSampled", .signed([1, 2, 3, 3]), .signed([1, 2, 2, 2], 0.15...0.8)) { x in
      x[0].gridSampled(at: x[1]).squared()
    },
    GradientCase(
      "sampled, reflect", .signed([1, 2, 3, 3]), .signed([1, 1, 2], 1.1...1.9), .signed([1, 1, 2], 2.1...2.9)
    ) { x in
      x[0].sampled(rows: x[1], columns: x[2], fillMode: .reflect).squared()
    },
    GradientCase(
      "sampled, nearest", .signed([1, 1, 3, 3]), .signed([1, 1, 2], 1.1...1.4), .signed([1, 1, 2], 0.1...0.4)
    ) { x in
      x[0].sampled(rows: x[1], columns: x[2], method: .nearest, fillMode: .wrap).squared()
    },
    GradientCase("warped", .signed([1, 1, 3, 3]), .between(0.2, 0.29, [1, 3, 3])) { x in
      x[0].warped(by: x[1], size: [1, 2], fillMode: .nearest).squared()
    },
    GradientCase("rgbToHSV", .between(0.1, 0.9, [1, 3, 2, 2])) { $0[0].rgbToHSV().squared() },
    GradientCase("hsvToRGB", .between(0.1, 0.9, [1, 3, 2, 2])) { $0[0].hsvToRGB().squared() },
    of("rgbToGrayscale", [3, 1, 2]) { $0.rgbToGrayscale() },
    of("gaussianBlurred", [1, 1, 3, 3]) { $0.gaussianBlurred(kernel: 3, deviation: 0.8) },
    of("sobelEdges", [1, 1, 3, 3]) { $0.sobelEdges() },
    GradientCase("structuralSimilarity", .between(0.1, 0.9, [1, 2, 4, 4]), .between(0.2, 1, [1, 2, 4, 4])) { x in
      x[0].structuralSimilarity(to: x[1], kernel: 3)
    },
    of("affineGrid", [1, 2, 3]) { $0.affineGrid(height: 2, width: 3) },
    of("rotaryEmbedded", [2, 3, 4]) { $0.rotaryEmbedded() },
    of("rotaryEmbedded, interleaved", [3, 4]) { $0.rotaryEmbedded(isInterleaved: true) },
    of("gumbelSoftmax", [2, 3]) { $0.gumbelSoftmax(temperature: 0.7, using: RandomStream(seed: 3)) },
    of("localResponseNormalized", [2, 4, 2]) { $0.localResponseNormalized(size: 3, alpha: 0.5) },
  ]
}
