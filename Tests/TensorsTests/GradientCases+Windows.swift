import BackendCore
import Tensors

extension GradientCase {
  private static func convolution(
    _ x: [Int], _ weight: [Int], _ geometry: WindowGeometry, groups: Int = 1, activation: UnaryOp? = nil
  ) -> GradientCase {
    let name =
      "convolution \(x) \(weight) \(geometry), \(groups) groups, \(activation.map { "\($0.kind)" } ?? "linear")"
    return GradientCase(name, .signed(x), .signed(weight), .signed([weight[0]])) { x in
      x[0].convolution(x[1], bias: x[2], geometry, groups: groups, activation: activation)
    }
  }

  private static func pooling(_ op: PoolingOp, _ x: [Int], _ geometry: WindowGeometry) -> GradientCase {
    GradientCase("pooled \(op) \(x) \(geometry)", .signed(x)) { $0[0].pooled(op, geometry) }
  }

  private static func transposed(
    _ x: [Int], _ weight: [Int], _ geometry: WindowGeometry, groups: Int = 1, _ height: Int, _ width: Int
  ) -> GradientCase {
    GradientCase("transposedConvolution \(x) \(weight) \(geometry)", .signed(x), .signed(weight)) { x in
      x[0].transposedConvolution(x[1], geometry, groups: groups, height: height, width: width)
    }
  }

  private static let plain = WindowGeometry(kernel: (2, 3))
  private static let uneven = WindowGeometry(
    kernel: (3, 2), stride: (2, 3), dilation: (1, 2), padding: (1, 0, 2, 1))

  static let windows: [GradientCase] = [
    convolution([2, 2, 3, 4], [3, 2, 2, 3], plain),
    convolution([1, 2, 5, 6], [2, 2, 3, 2], uneven, activation: .relu),
    convolution([2, 4, 3, 3], [2, 2, 2, 3], plain, groups: 2, activation: UnaryOp(.tanh)),
    convolution(
      [1, 3, 4, 3], [3, 1, 3, 3], WindowGeometry(kernel: (3, 3), padding: (1, 1, 1, 1)), groups: 3,
      activation: UnaryOp(.gelu)),
    GradientCase("convolution twice, linear", .signed([1, 1, 4, 4]), .signed([1, 1, 2, 2])) { x in
      let geometry = WindowGeometry(kernel: (2, 2), padding: (0, 1, 0, 1))
      let y = x[0].convolution(x[1], bias: nil, geometry).tanh()
      return y.convolution(x[1], bias: nil, geometry) + y
    },
    transposed([1, 2, 2, 2], [2, 3, 2, 3], plain, 3, 4),
    transposed([2, 4, 3, 2], [4, 1, 3, 2], uneven, groups: 2, 7, 4),
    pooling(.maximum, [2, 2, 4, 5], WindowGeometry(kernel: (2, 2), stride: (2, 2))),
    pooling(.maximum, [1, 2, 5, 4], WindowGeometry(kernel: (3, 2), stride: (1, 2), padding: (1, 1, 1, 0))),
    pooling(.mean, [1, 2, 5, 4], WindowGeometry(kernel: (3, 2), stride: (2, 1), padding: (1, 1, 1, 0))),
    pooling(.meanWithPadding, [1, 2, 4, 4], WindowGeometry(kernel: (2, 3), stride: (2, 2), padding: (0, 0, 1, 1))),
    GradientCase("pooled after a product", .signed([1, 1, 4, 4])) { x in
      (x[0] * x[0]).pooled(.maximum, WindowGeometry(kernel: (2, 2), stride: (2, 2), padding: (1, 1, 1, 1))).squared()
    },
  ]
}
