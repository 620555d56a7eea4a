import Tensors

extension GradientCase {
  static let normalizations: [GradientCase] = [
    GradientCase("layerNormalized", .signed([3, 4])) { $0[0].layerNormalized(epsilon: 0.1) },
    GradientCase("layerNormalized, weight, bias", .signed([2, 2, 5]), .signed([5]), .signed([5])) { x in
      x[0].layerNormalized(weight: x[1], bias: x[2])
    },
    GradientCase("layerNormalized, weight", .signed([3, 2]), .signed([2])) { x in
      x[0].layerNormalized(weight: x[1], epsilon: 0.01).squared()
    },
    GradientCase("layerNormalized, bias of a constant", .signed([4])) { x in
      Tensor([1, 2, 4, 7], shape: [1, 4], dtype: x[0].dtype, on: x[0].device).layerNormalized(bias: x[0]).squared()
    },
    GradientCase("rootMeanSquareNormalized", .signed([3, 4]), .signed([4])) { x in
      x[0].rootMeanSquareNormalized(weight: x[1])
    },
    GradientCase("rootMeanSquareNormalized, no weight", .signed([5])) { $0[0].rootMeanSquareNormalized(epsilon: 0.1) },
  ]
}
