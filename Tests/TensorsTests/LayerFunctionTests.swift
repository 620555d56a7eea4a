import Tensors
import Testing

/// Functions of layers give PyTorch's results. The numbers come from the functions of `torch.nn.functional` that the cases
/// name, in float64; those of the rotary embedding from its formula in NumPy.
@Suite struct LayerFunctionTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let function: @Sendable (Device) -> Tensor
    let shape: [Int]
    let expected: [Double]

    init(
      _ name: String, _ shape: [Int], _ expected: [Double], _ function: @escaping @Sendable (Device) -> Tensor
    ) {
      (testDescription, self.function, self.shape, self.expected) = (name, function, shape, expected)
    }
  }

  /// Multiples of 1/8 from −11/8 to 11/8 in a fixed order.
  static func wave(_ shape: [Int], _ seed: Int, _ device: Device) -> Tensor {
    let numbers = (0..<shape.reduce(1, *)).map { Float(($0 * 37 + seed * 11) % 23 - 11) / 8 }
    return Tensor(numbers, shape: shape, on: device)
  }

  static let convolution: [Case] = [
    Case(
      "conv1d", [2, 2, 5],
      [
        1.65625, 1.65625, 1.953125, 1.890625, 0.953125, -1.671875, 1.140625, -1.515625, 1.21875, 0.703125,
        1.875, 1.75, 2.046875, 1.984375, 0.859375, -1.734375, 1.171875, -1.484375, 1.25, 1.046875,
      ]
    ) { device in
      wave([2, 2, 5], 0, device).convolution(wave([2, 2, 3], 1, device), bias: wave([2], 2, device), padding: 1)
    },
    Case(
      "conv1d, strided, dilated, grouped", [1, 2, 5],
      [
        0.140625, -1.578125, 1.03125, 0.40625, 0.46875, -0.90625, 1.203125, 1.546875, -1.34375, -1.5625,
      ]
    ) { device in
      wave([1, 4, 9], 0, device).convolution(wave([2, 2, 2], 1, device), stride: 2, padding: 1, dilation: 2, groups: 2)
    },
    Case(
      "conv2d", [1, 2, 2, 5],
      [
        -0.390625, 2.609375, 3.84375, 0.046875, 1.015625, -0.234375, 2.734375, 3.96875, 0.171875,
        1.265625, 2.203125, -1, -0.078125, -0.953125, 2.625, 1.953125, -1.125, -0.203125, -1.078125,
        2.46875,
      ]
    ) { device in
      wave([1, 2, 4, 5], 0, device).convolution(
        wave([2, 2, 2, 3], 1, device), bias: wave([2], 2, device), stride: [2, 1], padding: [0, 1])
    },
    Case(
      "conv3d", [1, 2, 2, 2, 3],
      [
        -0.640625, 3.34375, 3.65625, -0.34375, 2.03125, 0.171875, 3.125, 1.71875, 1.234375, 0.078125,
        -0.078125, 0.6875, -0.15625, -0.890625, 2.40625, 2.125, -0.84375, 0.90625, -3.71875, 2.53125,
        0.984375, 0.4375, -0.140625, -0.625,
      ]
    ) { device in
      wave([1, 2, 4, 3, 3], 0, device).convolution(
        wave([2, 2, 2, 2, 3], 1, device), bias: wave([2], 2, device), stride: [2, 1, 1], padding: [1, 0, 1],
        dilation: [2, 1, 1])
    },
    Case(
      "conv3d, grouped", [2, 2, 1, 1, 2],
      [
        -0.921875, 5.1875, 2.65625, -2.90625, 1.59375, 1.59375, -0.734375, 0.53125,
      ]
    ) { device in
      wave([2, 4, 3, 2, 3], 0, device).convolution(wave([2, 2, 3, 2, 2], 1, device), groups: 2)
    },
    Case(
      "conv_transpose1d", [2, 2, 6],
      [
        3.671875, 0.265625, 0.859375, 2.90625, 1.28125, 1.375, -1.21875, -1.15625, 0.6875, -0.9375, -1,
        1.25, 0.8125, 2.8125, 1.234375, 0.78125, 0.578125, 1.84375, 0.875, -0.921875, -0.8125, 1.453125,
        1.8125, -0.15625,
      ]
    ) { device in
      wave([2, 2, 3], 0, device).transposedConvolution(
        wave([2, 2, 3], 1, device), bias: wave([2], 2, device), stride: 2, padding: 1, outputPadding: 1)
    },
    Case(
      "conv_transpose2d", [1, 2, 4, 6],
      [
        2, 2.984375, 0.59375, 0.875, 2.78125, 2.359375, 1.375, 0.25, -0.03125, 1.375, 2.15625, 2.859375,
        0.015625, 2.4375, 2.234375, 0.71875, -0.21875, 2.59375, 2, 0.875, 2.421875, 0.59375, -0.03125,
        2.46875, 1.640625, -0.78125, 0, 1.90625, -0.5625, 0.640625, 1.390625, -1.34375, -0.25, 1.34375,
        -0.8125, 0.078125, -1.765625, 1.203125, 0.21875, -0.75, 1.484375, -0.1875, -1.203125, 1.453125,
        0.78125, -0.5, 2.046875, 0.0625,
      ]
    ) { device in
      wave([1, 4, 2, 3], 0, device).transposedConvolution(
        wave([4, 1, 2, 2], 1, device), bias: wave([2], 2, device), stride: [1, 2], dilation: [2, 1], groups: 2)
    },
    Case(
      "conv_transpose3d", [1, 2, 4, 3, 2],
      [
        0.515625, 1.609375, 1.59375, 1.8125, 1.75, 0.875, -0.34375, 1.84375, 0.40625, 4.078125, 0.71875,
        2.203125, 1.296875, 0.59375, 1.75, 1.609375, 1.125, 1.6875, 1.21875, -0.1875, 1.984375, 0.4375,
        1.4375, 1.296875, -0.171875, 0.25, 2.21875, 0.015625, -1.296875, 1.109375, 1.03125, -1, -1.515625,
        2.34375, 1.328125, -1.046875, 0.4375, -0.21875, -0.484375, 2.34375, 0.421875, -1.125, 0.125,
        0.5625, 0.71875, -1.09375, 0.140625, 1.125,
      ]
    ) { device in
      wave([1, 2, 2, 2, 2], 0, device).transposedConvolution(
        wave([2, 1, 3, 2, 1], 1, device), bias: wave([2], 2, device), stride: [2, 1, 1], padding: [1, 0, 0],
        outputPadding: [1, 0, 0], groups: 2)
    },
  ]

  static let pooling: [Case] = [
    Case(
      "max_pool1d", [1, 2, 4],
      [
        0.375, 1, 1, 0.5, 1.125, 1.125, 0.625, 1.25,
      ]
    ) { device in
      wave([1, 2, 7], 0, device).maxPooled(3, stride: 2, padding: 1)
    },
    Case(
      "max_pool2d, dilated", [1, 1, 3, 4],
      [
        1.25, 1.25, 1, 1, 1.375, 1.125, 1.125, 0.875, 1.25, 1.25, 1, 0.75,
      ]
    ) { device in
      wave([1, 1, 5, 6], 0, device).maxPooled([2, 3], stride: 1, dilation: [2, 1])
    },
    Case(
      "max_pool2d, ceil_mode", [1, 2, 3, 4],
      [
        0.5, 1.125, 1, 0.625, 1.375, 1.25, 0.875, 0.625, 1.375, 1, 0.875, 0.5, 1.25, 1.125, 1.375, 1.375,
        1.25, 1, 1.375, 1.375, 1.125, 1, 1.25, 1.25,
      ]
    ) { device in
      wave([1, 2, 5, 6], 0, device).maxPooled(3, stride: 2, padding: 1, ceilMode: true)
    },
    Case(
      "max_pool2d, ceil_mode without a last window", [1, 1, 2, 2],
      [
        -1.375, 1, 1.125, 0.625,
      ]
    ) { device in
      wave([1, 1, 4, 4], 0, device).maxPooled(2, stride: 3, padding: 1, ceilMode: true)
    },
    Case(
      "max_pool3d", [1, 2, 4, 2, 4],
      [
        0.375, 0.5, 1, 1, 1.25, 1.25, 1.25, 0.625, 0.875, 1.375, 1.375, 1.375, 1.25, 1.25, 1.25, 1.125,
        1.25, 1.375, 1.375, 1.375, 1.375, 1.375, 1.375, 1.125, 1.25, 1.25, 0.75, 0.75, 1.375, 1.375,
        1.375, 0.375, 1, 1.125, 1.125, 1.125, 0.625, 0.75, 1.25, 1.25, 1.375, 1.375, 1.125, 1.125, 1.125,
        1.125, 1.25, 1.25, 1.375, 1.375, 1.375, 1.375, 1.125, 1.125, 1.125, 1, 0.75, 1.25, 1.375, 1.375,
        0.375, 0.875, 1, 1,
      ]
    ) { device in
      wave([1, 2, 3, 4, 4], 0, device).maxPooled([2, 2, 3], stride: [1, 2, 1], padding: [1, 0, 1])
    },
    Case(
      "avg_pool1d", [1, 2, 4],
      [
        -0.3333333333, 0.2083333333, -0.125, -0.25, 0.1666666667, 0, -0.3333333333, 0.25,
      ]
    ) { device in
      wave([1, 2, 7], 0, device).averagePooled(3, stride: 2, padding: 1)
    },
    Case(
      "avg_pool2d", [1, 1, 2, 2],
      [
        -0.4375, 0.1875, -0.1875, 0.4375,
      ]
    ) { device in
      wave([1, 1, 4, 5], 0, device).averagePooled(2)
    },
    Case(
      "avg_pool2d, ceil_mode", [1, 1, 3, 4],
      [
        -0.125, 0.125, -0.0972222222, -0.1041666667, 0.25, 0.125, -0.2083333333, -0.1875, 0.1388888889,
        0.0416666667, -0.1805555556, -0.1458333333,
      ]
    ) { device in
      wave([1, 1, 5, 6], 0, device).averagePooled(3, stride: 2, padding: 1, ceilMode: true)
    },
    Case(
      "avg_pool2d, ceil_mode, inside", [1, 1, 4, 4],
      [
        -0.28125, 0.1875, -0.1458333333, -0.3125, 0.375, 0.125, -0.2083333333, -0.375, 0.2916666667,
        0.0416666667, -0.2916666667, -0.4583333333, 0.25, 0, -0.3333333333, -0.5,
      ]
    ) { device in
      wave([1, 1, 6, 6], 0, device).averagePooled(3, stride: 2, padding: 1, ceilMode: true, countsPadding: false)
    },
    Case(
      "avg_pool2d, ceil_mode, even", [1, 1, 3, 3],
      [
        -0.28125, 0.34375, -0.46875, 0.59375, -0.21875, -0.3125, -0.1875, 0.4375, -0.375,
      ]
    ) { device in
      wave([1, 1, 5, 6], 0, device).averagePooled(2, ceilMode: true)
    },
    Case(
      "avg_pool3d", [1, 1, 4, 2, 3],
      [
        -0.1875, -0.140625, 0.046875, 0.078125, 0.03125, -0.046875, -0.203125, 0.0625, -0.09375, -0.03125,
        0.046875, 0.078125, 0.140625, 0.03125, -0.109375, -0.046875, 0.015625, 0.0625, 0.15625, -0.171875,
        0.03125, 0.0625, 0, -0.0625,
      ]
    ) { device in
      wave([1, 1, 3, 4, 4], 0, device).averagePooled(2, stride: [1, 2, 2], padding: [1, 0, 1])
    },
    Case(
      "avg_pool3d, ceil_mode, inside", [1, 1, 2, 3, 3],
      [
        -0.25, -0.0208333333, -0.1875, -0.0520833333, -0.0625, -0.2291666667, 0, 0.2291666667, 0.0625,
        0.078125, -0.0520833333, -0.21875, 0.15625, -0.0138888889, -0.0208333333, -0.03125, -0.0416666667,
        0.75,
      ]
    ) { device in
      wave([1, 1, 3, 4, 4], 0, device).averagePooled(3, stride: 2, padding: 1, ceilMode: true, countsPadding: false)
    },
  ]

  static let padding: [Case] = [
    Case(
      "reflect", [1, 1, 6, 8],
      [
        0, 1.125, 0, -1.125, 0.625, -1.125, 0, 1.125, -1.25, -0.125, -1.25, 0.5, -0.625, 0.5, -1.25,
        -0.125, 0.375, -1.375, 0.375, -0.75, 1, -0.75, 0.375, -1.375, -1.25, -0.125, -1.25, 0.5, -0.625,
        0.5, -1.25, -0.125, 0, 1.125, 0, -1.125, 0.625, -1.125, 0, 1.125, -1.25, -0.125, -1.25, 0.5,
        -0.625, 0.5, -1.25, -0.125,
      ]
    ) { device in
      wave([1, 1, 3, 4], 0, device).padded([(0, 0), (0, 0), (2, 1), (1, 3)], mode: .reflect)
    },
    Case(
      "replicate", [1, 1, 6, 8],
      [
        -1.375, -1.375, 0.375, -0.75, 1, 1, 1, 1, -1.375, -1.375, 0.375, -0.75, 1, 1, 1, 1, -1.375,
        -1.375, 0.375, -0.75, 1, 1, 1, 1, -0.125, -0.125, -1.25, 0.5, -0.625, -0.625, -0.625, -0.625,
        1.125, 1.125, 0, -1.125, 0.625, 0.625, 0.625, 0.625, 1.125, 1.125, 0, -1.125, 0.625, 0.625, 0.625,
        0.625,
      ]
    ) { device in
      wave([1, 1, 3, 4], 0, device).padded([(0, 0), (0, 0), (2, 1), (1, 3)], mode: .replicate)
    },
    Case(
      "circular", [1, 1, 6, 8],
      [
        -0.625, -0.125, -1.25, 0.5, -0.625, -0.125, -1.25, 0.5, 0.625, 1.125, 0, -1.125, 0.625, 1.125, 0,
        -1.125, 1, -1.375, 0.375, -0.75, 1, -1.375, 0.375, -0.75, -0.625, -0.125, -1.25, 0.5, -0.625,
        -0.125, -1.25, 0.5, 0.625, 1.125, 0, -1.125, 0.625, 1.125, 0, -1.125, 1, -1.375, 0.375, -0.75, 1,
        -1.375, 0.375, -0.75,
      ]
    ) { device in
      wave([1, 1, 3, 4], 0, device).padded([(0, 0), (0, 0), (2, 1), (1, 3)], mode: .circular)
    },
  ]

  static let resizing: [Case] = [
    Case(
      "nearest", [1, 1, 5, 3],
      [
        -1.375, 0.375, 1, -1.375, 0.375, 1, -1.25, 0.5, 1.125, -1.25, 0.5, 1.125, -1.125, 0.625, 1.25,
      ]
    ) { device in
      wave([1, 1, 3, 5], 0, device).resized(to: [5, 3], method: .nearest)
    },
    Case(
      "linear", [2, 1, 3],
      [
        -0.7916666667, -0.75, 0.25, -0.6666666667, -0.625, 0.375,
      ]
    ) { device in
      wave([2, 1, 5], 0, device).resized(to: 3)
    },
    Case(
      "bilinear", [1, 1, 5, 3],
      [
        -0.7916666667, -0.75, 0.25, -0.7416666667, -0.7, 0.3, -0.6666666667, -0.625, 0.375, -0.5916666667,
        -0.55, 0.45, -0.5416666667, -0.5, 0.5,
      ]
    ) { device in
      wave([1, 1, 3, 5], 0, device).resized(to: [5, 3])
    },
    Case(
      "trilinear", [1, 1, 3, 2, 4],
      [
        -1.21875, -0.78125, 0.09375, 0.53125, -0.28125, -0.3828125, -0.5859375, -0.6875, -0.28125,
        -0.203125, -0.046875, 0.03125, -0.421875, -0.34375, -0.1875, -0.109375, 0.65625, 0.375, -0.1875,
        -0.46875, -0.5625, -0.3046875, 0.2109375, 0.46875,
      ]
    ) { device in
      wave([1, 1, 2, 3, 2], 0, device).resized(to: [3, 2, 4])
    },
    Case(
      "bicubic", [1, 1, 3, 7],
      [
        -1.4969854261, -0.2258483999, 0.2087361482, -0.7342303241, 0.6278323581, 0.7271399383,
        -0.1977871754, -1.325255102, -0.0541180758, 0.3804664723, -0.5625, 0.7995626822, 0.8988702624,
        -0.0260568513, -1.153524778, 0.1176122483, 0.5521967964, -0.3907696759, 0.9712930063,
        1.0706005865, 0.1456734728,
      ]
    ) { device in
      wave([1, 1, 4, 5], 0, device).resized(to: [3, 7], method: .bicubic)
    },
    Case(
      "area", [1, 1, 3, 3],
      [
        -0.4375, 0.2708333333, 0.5, -0.1875, 0.5208333333, 0.75, 0.0625, -0.1875, -0.4375,
      ]
    ) { device in
      wave([1, 1, 6, 5], 0, device).resized(to: [3, 3], method: .area)
    },
    Case(
      "area, larger", [1, 1, 4, 5],
      [
        -1.375, -0.5, 0.375, -0.1875, -0.75, -1.375, -0.5, 0.375, -0.1875, -0.75, 1, 0.4375, -0.125,
        -0.6875, -1.25, 1, 0.4375, -0.125, -0.6875, -1.25,
      ]
    ) { device in
      wave([1, 1, 2, 3], 0, device).resized(to: [4, 5], method: .area)
    },
  ]

  static let unfolding: [Case] = [
    Case(
      "pixel_shuffle", [1, 2, 4, 6],
      [
        -1.375, 0.5, 0.375, -0.625, -0.75, 1.125, -0.5, 1.375, 1.25, 0.25, 0.125, -0.875, 1, 0, -0.125,
        -1.125, -1.25, 0.625, -1, 0.875, 0.75, -0.25, -0.375, -1.375, 0.375, -0.625, -0.75, 1.125, 1, 0,
        1.25, 0.25, 0.125, -0.875, -1, 0.875, -0.125, -1.125, -1.25, 0.625, 0.5, -0.5, 0.75, -0.25,
        -0.375, -1.375, 1.375, 0.375,
      ]
    ) { device in
      wave([1, 8, 2, 3], 0, device).pixelShuffled(by: 2)
    },
    Case(
      "pixel_unshuffle", [8, 2, 3],
      [
        -1.375, -0.75, -0.125, -0.5, 0.125, 0.75, 0.375, 1, -1.25, 1.25, -1, -0.375, 0.5, 1.125, -1.125,
        1.375, -0.875, -0.25, -0.625, 0, 0.625, 0.25, 0.875, -1.375, 0.375, 1, -1.25, 1.25, -1, -0.375,
        -0.75, -0.125, 0.5, 0.125, 0.75, 1.375, -0.625, 0, 0.625, 0.25, 0.875, -1.375, 1.125, -1.125,
        -0.5, -0.875, -0.25, 0.375,
      ]
    ) { device in
      wave([2, 4, 6], 0, device).pixelUnshuffled(by: 2)
    },
    Case(
      "unfold", [1, 12, 4],
      [
        0, 0.375, 0, -1.25, -1.375, -0.75, -0.125, 0.5, 0.375, 1, -1.25, -0.625, 0, -1.25, 0, 0, -0.125,
        0.5, 1.125, -1.125, -1.25, -0.625, 0, 0.625, 0, 1.25, 0, -0.375, -0.5, 0.125, 0.75, 1.375, 1.25,
        -1, -0.375, 0.25, 0, -0.375, 0, 0.875, 0.75, 1.375, -0.875, -0.25, -0.375, 0.25, 0.875, -1.375,
      ]
    ) { device in
      wave([1, 2, 3, 4], 0, device).unfolded([2, 3], stride: [1, 2], padding: [0, 1])
    },
    Case(
      "fold", [1, 2, 3, 4],
      [
        -1.375, 0.875, -1.375, 1.125, 0.5, 2.5, -2, -0.25, -1, 1.625, -0.625, -1.375, 0.375, -1.375,
        2.125, 0, 1.125, -2, -0.75, 0.375, 0.75, -0.625, 0, 0.375,
      ]
    ) { device in
      wave([1, 8, 6], 0, device).folded(to: [3, 4], window: 2)
    },
    Case(
      "fold, padded", [2, 1, 3, 4],
      [
        0.75, 0.375, -0.375, 0.875, 0.5, -0.125, -0.625, 0.625, 1.375, -1.25, 0.25, -1.375, -0.375, 1,
        1.375, -0.25, -0.625, 0.5, 1.125, -0.5, 0.25, -0.625, -0.875, 0.375,
      ]
    ) { device in
      wave([2, 6, 4], 0, device).folded(to: [3, 4], window: [2, 3], stride: [2, 2], padding: 1, dilation: [1, 1])
    },
  ]

  static let other: [Case] = [
    Case(
      "linear", [2, 2, 2],
      [
        0.671875, 1.515625, -0.265625, -0.96875, 2.390625, 0.140625, 1.453125, 0.890625,
      ]
    ) { device in
      wave([2, 2, 3], 0, device).linear(wave([3, 2], 1, device), bias: wave([2], 2, device))
    },
    Case(
      "local_response_norm", [1, 5, 2],
      [
        -0.8113652309, 0.2342892731, -0.4422760335, 0.5840431849, -0.0792324077, -0.7227058746,
        0.306943191, -0.3766759364, 0.6911011133, 0,
      ]
    ) { device in
      wave([1, 5, 2], 0, device).localResponseNormalized(size: 3, alpha: 0.5, beta: 0.6, k: 2)
    },
    Case(
      "local_response_norm, even", [1, 3, 2, 1],
      [
        -1.1250856373, 0.3393257666, -0.612995988, 0.8038676322, -0.102165998, -1.0048345403,
      ]
    ) { device in
      wave([1, 3, 2, 1], 0, device).localResponseNormalized(size: 4, alpha: 0.5)
    },
    Case(
      "rotary, halves", [1, 3, 4],
      [
        -1.375, 0.375, -0.75, 1, -0.4882732806, -1.2436876047, 0.1649672798, -0.6374685419, 0.5547944141,
        -0.0124991667, 1.4911247963, 0.6248750042,
      ]
    ) { device in
      wave([1, 3, 4], 0, device).rotaryEmbedded()
    },
    Case(
      "rotary, interleaved", [2, 2, 6],
      [
        -0.030438902, 1.4248941972, -1.2359783902, -0.1867014168, 0.1658533615, -1.2452379943,
        0.305450457, -0.7398141783, 0.3088837054, 1.0817651578, -1.2534722367, 0.2916459358, 1.0568242506,
        0.8340398692, 0.9398654398, -0.3637003643, 0.8161433101, -0.1924450504, 1.3900880187,
        -0.1441537384, -1.0816157824, -0.6011300185, 0.1376326958, -1.3907488059,
      ]
    ) { device in
      wave([2, 2, 6], 0, device).rotaryEmbedded(positions: 5..<7, base: 100, isInterleaved: true)
    },
  ]

  @Test(
    arguments: TestDevices.all,
    LayerFunctionTests.convolution + LayerFunctionTests.pooling + LayerFunctionTests.padding
      + LayerFunctionTests.resizing + LayerFunctionTests.unfolding + LayerFunctionTests.other)
  func agreesWithPyTorch(_ device: Device, _ test: Case) throws {
    try expect(test.function(device), test.expected, shape: test.shape, tolerance: 5e-6, "\(test.testDescription)")
  }

  /// Padding and repetition only move elements, so they take all types.
  @Test(arguments: TestDevices.all)
  func integersAndBooleansAreMoved(_ device: Device) throws {
    let x = Tensor(integers: [1, 2, 3], on: device)
    #expect(try x.padded([(2, 1)], mode: .reflect).scalars(as: Int32.self) == [3, 2, 1, 2, 3, 2])
    #expect(try x.padded([(2, 1)], mode: .replicate).scalars(as: Int32.self) == [1, 1, 1, 2, 3, 3])
    #expect(try x.padded([(3, 1)], mode: .circular).scalars(as: Int32.self) == [1, 2, 3, 1, 2, 3, 1])
    #expect(try x.padded([(0, 1)], mode: .zeros).scalars(as: Int32.self) == [1, 2, 3, 0])
    #expect(x.padded([(0, 0)], mode: .circular).shape == [3])
    let mask = Tensor([true, false], shape: [1, 1, 2], on: device)
    #expect(try mask.padded([(0, 0), (0, 0), (1, 0)], mode: .reflect).scalars(as: Bool.self) == [false, true, false])
    #expect(try mask.resized(to: 3, method: .nearest).scalars(as: Bool.self) == [true, true, false])
    let image = Tensor(integers: 0..<16, shape: [1, 4, 2, 2], on: device)
    #expect(try image.pixelShuffled(by: 2).pixelUnshuffled(by: 2).scalars(as: Int32.self) == Array(0..<16))
    #expect(try image.unfolded(2).scalars(as: Int32.self) == Array(0..<16))
  }

  /// A number affects only its neighbors, also if it is infinite or NaN.
  @Test(arguments: TestDevices.all)
  func resizingIsLocal(_ device: Device) throws {
    let x = Tensor([1, 2, .infinity, 4, 5, 6, 7, 8], shape: [1, 1, 8], on: device)
    try expect(x.resized(to: 4), [1.5, .infinity, 5.5, 7.5])
    try expect(x.resized(to: 4, method: .area), [1.5, .infinity, 5.5, 7.5])
    let cubic = try x.resized(to: 16, method: .bicubic).scalars()
    #expect(cubic[10...].allSatisfy(\.isFinite) && !cubic[4].isFinite)
    try expect(Tensor([1, .nan, 3], shape: [1, 1, 3], on: device).resized(to: 2, method: .nearest), [1, .nan])
    #expect(x.resized(to: [8]).shape == [1, 1, 8])
  }

  @Test(arguments: TestDevices.all)
  func poolingAtTheEdges(_ device: Device) throws {
    let x = Tensor([-.infinity, .nan, 3, 2], shape: [1, 1, 4], on: device)
    try expect(x.maxPooled(2), [.nan, 3], shape: [1, 1, 2])
    try expect(
      Tensor([-.infinity], shape: [1, 1, 1], on: device).maxPooled(2, padding: 1, ceilMode: true), [-.infinity],
      shape: [1, 1, 1])
    #expect(Tensor.zeros([0, 2, 4, 4], on: device).averagePooled(2).shape == [0, 2, 2, 2])
    // The gradient goes to the first of equal numbers.
    let (_, gradient) = valueAndGradient(at: Tensor.ones([1, 1, 2, 2, 2], on: device)) { $0.maxPooled(2).sum() }
    try expect(gradient, [1, 0, 0, 0, 0, 0, 0, 0])
  }

  /// A product with unfolded windows is a convolution, and folding counts the windows of each pixel.
  @Test(arguments: TestDevices.all)
  func unfoldingIsHalfOfAConvolution(_ device: Device) throws {
    let x = LayerFunctionTests.wave([2, 3, 5, 4], 0, device)
    let weight = LayerFunctionTests.wave([2, 3, 3, 2], 1, device)
    let columns = x.unfolded([3, 2], stride: 2, padding: 1)
    let product = weight.reshaped([1, 2, -1]).matmul(columns)
    let expected = x.convolution(weight, stride: 2, padding: 1)
    try expectEqual(product.reshaped(expected.shape), expected)
    try expect(Tensor.ones([1, 4, 4], on: device).folded(to: 3, window: 2), [1, 2, 1, 2, 4, 2, 1, 2, 1])
  }

  /// Each class is drawn as often as its probability says, and the gradient is that of the soft vectors.
  @Test(arguments: TestDevices.all)
  func gumbelSoftmaxDrawsFromTheSoftmax(_ device: Device) throws {
    let logits = Tensor([0.5, 0.25, 0.25], on: device).log()
    let draws = logits.broadcast(to: [20_000, 3]).gumbelSoftmax(isHard: true, using: RandomStream(seed: 1))
    try expect(draws.sum(axis: 1).min(), [1])
    #expect(try Set(draws.scalars()) == [0, 1])
    // Three standard deviations.
    try expect(draws.mean(axis: 0), [0.5, 0.25, 0.25], tolerance: 0.011)
    let weights = Tensor([1, 2, 3], on: device)
    func gradient(_ isHard: Bool) throws -> [Float] {
      let (_, gradient) = valueAndGradient(at: logits) { x in
        (x.gumbelSoftmax(temperature: 0.5, isHard: isHard, using: RandomStream(seed: 2)) * weights).sum()
      }
      return try gradient.scalars()
    }
    let soft = try gradient(false)
    #expect(try gradient(true) == soft && soft.contains { $0 != 0 })
  }

  /// Products of rotated vectors depend only on the distance of their positions.
  @Test(arguments: TestDevices.all, [false, true])
  func rotationsAreRelative(_ device: Device, _ isInterleaved: Bool) throws {
    let (q, k) = (LayerFunctionTests.wave([1, 8], 0, device), LayerFunctionTests.wave([1, 8], 3, device))
    func product(_ first: Int, _ second: Int) -> Tensor {
      (q.rotaryEmbedded(positions: first..<first + 1, isInterleaved: isInterleaved)
        * k.rotaryEmbedded(positions: second..<second + 1, isInterleaved: isInterleaved)).sum()
    }
    try expectEqual(product(1007, 1000), product(7, 0), tolerance: 1e-5)
    try expectEqual(product(3, 3), (q * k).sum(), tolerance: 1e-5)
    #expect(try abs(product(7, 0).item() - product(0, 0).item()) > 1e-3)
  }

  @Test(arguments: TestDevices.all)
  func dropoutPreservesTheMean(_ device: Device) throws {
    let y = Tensor.ones([10_000], on: device).dropout(0.2, using: RandomStream(seed: 4))
    #expect(try Set(y.scalars()) == [0, 1.25])
    try expect(y.mean(), [1], tolerance: 0.015)
    let again = Tensor.ones([10_000], on: device).dropout(0.2, using: RandomStream(seed: 4))
    #expect(try again.scalars() == y.scalars())
  }

  /// `torch.nn.functional.grid_sample` with `align_corners=False`, forward and backward.
  @Test(arguments: TestDevices.all)
  func gridSampling(_ device: Device) throws {
    let x = LayerFunctionTests.wave([2, 2, 3, 4], 0, device)
    let grid = LayerFunctionTests.wave([2, 3, 2, 2], 4, device)
    try expect(
      x.gridSampled(at: grid),
      [
        0, 0.4921875, 0, -0.515625, -0.01171875, 0, 0, -0.3828125, 0, 0.0859375, -0.1640625, 0, 0, -0.0390625,
        0.42578125, 0.28125, -0.01953125, -0.0703125, 0.4375, -0.01953125, -0.13671875, -0.21875, 0.19921875,
        0.0390625,
      ], shape: [2, 2, 3, 2])
    let weights = LayerFunctionTests.wave([2, 2, 3, 2], 1, device)
    let (_, gradients) = valueAndGradient(at: [x, grid]) { ($0[0].gridSampled(at: $0[1]) * weights).sum() }
    try expect(
      gradients[0],
      [
        0, 0, -0.34375, 0.3515625, 0, 0, 0, 0.5859375, -0.4921875, 0, 0, 0, 0, 0, 0.9453125, 0.0703125, 0, 0,
        0, 0.1171875, 0.328125, 0, 0, 0, 0, -0.0234375, -0.65234375, -0.64453125, -0.01171875, 0, -0.04296875,
        0.05078125, 0.32421875, 0.0625, 0, 0, 0, -0.1171875, 0.1953125, 0.234375, 0.017578125, 0, 0.015625,
        -0.140625, 0.201171875, 0, 0, 0,
      ])
    try expect(
      gradients[1],
      [
        0, 0, -3.36328125, 1.44140625, 0, 0, -3.330078125, 0.8203125, 0.1484375, -1.93359375, 0, 0, -0.84375,
        0.1640625, 0.2421875, 0.41015625, 4.169921875, 0.24609375, -1.9375, -0.521484375, 1.91015625,
        0.17578125, -0.28125, 0.84375,
      ])
    let far = Tensor([.nan, 0, .infinity, 0, 1e30, -1e30, 0, 0], shape: [1, 2, 2, 2], on: device)
    let image = Tensor([1, 2, 3, 4], shape: [1, 1, 2, 2], on: device)
    try expect(image.gridSampled(at: far), [0, 0, 0, 2.5])
    let (_, gradient) = valueAndGradient(at: image) { $0.gridSampled(at: far).sum() }
    try expect(gradient, [0.25, 0.25, 0.25, 0.25])
  }
}
