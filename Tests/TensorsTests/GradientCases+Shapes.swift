import Tensors

extension GradientCase {
  static let reductions: [GradientCase] = [
    of("sum", [2, 3]) { $0.sum() },
    of("sum of an axis", [2, 3, 4]) { $0.sum(axis: 1) },
    of("sum of separate axes", [2, 3, 4]) { $0.sum(axes: [0, -1]) },
    of("sum keeping rank", [2, 3, 4]) { $0.sum(axes: [2, 0], keepingRank: true) },
    of("sum of no axes", [2, 3]) { $0.sum(axes: []) },
    of("mean", [2, 3, 4]) { $0.mean(axes: [0, 2]) },
    of("mean of all", [2, 3]) { $0.mean() },
    of("max", [2, 3, 4]) { $0.max(axis: 1) },
    of("max of separate axes", [2, 3, 4]) { $0.max(axes: [0, 2], keepingRank: true) },
    of("min", [2, 3, 4]) { $0.min(axis: 0) },
    of("min of all", [2, 3]) { $0.min() },
    of("product", [2, 3, 2]) { $0.product(axis: 1) },
    of("product of separate axes", [2, 3, 2]) { $0.product(axes: [0, 2]) },
    of("variance", [2, 5]) { $0.variance(axis: 1) },
    of("variance, corrected", [2, 5]) { $0.variance(axes: [0, 1], correction: 1, keepingRank: true) },
    of("standardDeviation", [2, 5]) { $0.standardDeviation(axis: 1, correction: 1) },
    of("logSumExp", [2, 5]) { $0.logSumExp(axis: 1) },
    of("logSumExp of all", [2, 3]) { $0.logSumExp() },
    of("cumulativeSum", [2, 3, 2]) { $0.cumulativeSum(axis: 1) },
    of("cumulativeSum, reversed", [4]) { $0.cumulativeSum(axis: 0, reversed: true) },
    of("cumulativeProduct", [2, 3, 2]) { $0.cumulativeProduct(axis: 1) },
    of("cumulativeProduct, reversed", [4]) { $0.cumulativeProduct(axis: 0, reversed: true) },
    of("cumulativeProduct next to zeros", [5, 2]) { x in
      (x * Tensor([1, 0, 1, 0, 1], shape: [5, 1], dtype: x.dtype, on: x.device)).cumulativeProduct(axis: 0)
    },
    of("cumulativeMax", [2, 5]) { $0.cumulativeMax(axis: 1) },
    of("cumulativeMin, reversed", [5, 2]) { $0.cumulativeMin(axis: 0, reversed: true) },
    of("softmax", [2, 3]) { $0.softmax() },
    of("softmax of an axis", [2, 3, 2]) { $0.softmax(axis: 1) },
    of("logSoftmax", [2, 3]) { $0.logSoftmax() },
    of("logSoftmax of an axis", [3, 2]) { $0.logSoftmax(axis: 0) },
  ]

  static let shapes: [GradientCase] = [
    of("reshaped", [2, 6]) { $0.reshaped([3, -1]) },
    of("flattened", [2, 3, 2]) { $0.flattened(from: 1) },
    of("expanded and squeezed", [2, 3]) { $0.expanded(axis: 1).expanded(axis: -1).squeezed(axis: 1) },
    of("permuted", [2, 3, 4]) { $0.permuted([2, 0, 1]) },
    of("transposed", [2, 3, 4]) { $0.transposed() },
    of("flipped", [2, 3]) { $0.flipped(axis: 1) },
    of("broadcast", [2, 1, 3]) { $0.broadcast(to: [4, 2, 2, 3]) },
    of("tiled", [2, 3]) { $0.tiled([2, 1, 3]) },
    of("repeated", [2, 3]) { $0.repeated(3, axis: 1) },
    of("padded", [2, 3]) { $0.padded([(1, 0), (0, 2)], with: 7) },
    of("split", [2, 6]) { x in
      let parts = x.split(sizes: [1, 2, 3], axis: 1)
      return parts[0] * parts[1].sum(axis: 1, keepingRank: true) + parts[2]
    },
    GradientCase("concatenated", .signed([2, 3]), .signed([2, 1])) { x in
      Tensor.concatenated([x[0].squared(), x[1].exp(), x[0]], axis: -1)
    },
    GradientCase("concatenated along 0", .signed([2, 3]), .signed([1, 3])) { x in
      Tensor.concatenated([x[0].squared(), x[1].exp()])
    },
    GradientCase("stacked", .signed([2, 3]), .signed([2, 3])) { x in
      Tensor.stacked([x[0].squared(), x[1] * x[0]], axis: -1)
    },
  ]

  static let indexing: [GradientCase] = [
    of("index", [3, 4]) { $0[1] },
    of("last index", [3, 4]) { $0[.all, -1] },
    of("range", [3, 4]) { $0[0..<2, 1...] },
    of("leading range", [3, 4]) { $0[1...] },
    of("stride", [5, 2]) { $0[stride(from: 4, to: -1, by: -2)] },
    of("ellipsis and new axis", [2, 3, 4]) { $0[.ellipsis, .newAxis, ..<2] },
    of("many slices", [4, 3]) { x in x[0] * x[1] + x[2].exp() + x[0] + x[1, 0...2] },
    GradientCase("assignment", .signed([3, 4]), .signed([2])) { x in
      var y = x[0].squared()
      y[1, 1..<3] = x[1].exp()
      y[.all, 0] = y[.all, 3]
      return y * y
    },
    GradientCase("assignment, broadcast", .signed([3, 4]), .signed([])) { x in
      var y = x[0].squared()
      y[stride(from: 0, to: 3, by: 2)] = x[1] * x[1]
      return y
    },
    of("gathered elements", [3, 4]) { x in
      x.gathered(Tensor(integers: [0, 3, 3, 1, 2, 0], shape: [3, 2], on: x.device), axis: 1)
    },
    of("gathered slices", [3, 4]) { $0.gathered(Tensor(integers: [2, 0, 2], on: $0.device), axis: 1) },
    of("rows", [3, 4]) { $0.rows(at: Tensor(integers: [2, 0, 2, 1], shape: [2, 2], on: $0.device)) },
    GradientCase("scatterAdded elements", .signed([3, 4]), .signed([3, 2])) { x in
      let indices = Tensor(integers: [0, 3, 3, 3, 2, 0], shape: [3, 2], on: x[0].device)
      return x[0].squared().scatterAdded(x[1].exp(), at: indices, axis: 1).squared()
    },
    GradientCase("scattered, product", .signed([3, 4]), .signed([3, 3])) { x in
      x[0].scattered(x[1].exp(), at: Tensor(integers: [3, 0, 3], on: x[0].device), axis: 1, by: .product).squared()
    },
    GradientCase("scattered, mean", .signed([3, 4]), .signed([3, 2])) { x in
      let indices = Tensor(integers: [0, 3, 2, 2, 1, 0], shape: [3, 2], on: x[0].device)
      return x[0].squared().scattered(x[1].exp(), at: indices, axis: 1, by: .mean).squared()
    },
    GradientCase("scattered, maximum", .signed([3, 4]), .signed([3, 3])) { x in
      x[0].scattered(x[1], at: Tensor(integers: [3, 0, 3], on: x[0].device), axis: 1, by: .maximum).squared()
    },
    GradientCase("scattered, replacement", .signed([3, 4]), .signed([2, 4])) { x in
      x[0].squared().scattered(x[1].exp(), at: Tensor(integers: [2, 0], on: x[0].device), by: .replacement).squared()
    },
    GradientCase("array in a subscript", .signed([3, 4])) { x in x[0][[2, 0, 2], 1...].squared() },
    GradientCase("scatterAdded slices", .signed([3, 4]), .signed([3, 3])) { x in
      x[0].squared().scatterAdded(x[1].exp(), at: Tensor(integers: [3, 0, 3], on: x[0].device), axis: 1).squared()
    },
    of("sorted", [2, 5]) { $0.sorted() },
    of("sorted along an axis, descending", [4, 3]) { $0.sorted(axis: 0, descending: true) },
    of("topK", [2, 5]) { $0.topK(2).values },
    of("topK, smallest", [5, 2]) { $0.topK(3, axis: 0, largest: false).values },
  ]
}
