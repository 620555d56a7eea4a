import Tensors

extension GradientCase {
  static let norms: [GradientCase] = [
    GradientCase("norm", .signed([2, 3])) { $0[0].norm() },
    GradientCase("norm of an axis", .signed([2, 3, 2])) { $0[0].norm(axis: 1, keepingRank: true) },
    GradientCase("norm of small numbers", .signed([2, 3])) { ($0[0] * 1e-20).norm(axis: 1) * 1e20 },
    GradientCase("1-norm", .signed([2, 3])) { $0[0].norm(1, axis: 1).squared() },
    GradientCase("3-norm", .signed([2, 3], 0.5...1)) { $0[0].norm(3, axis: 0) },
    GradientCase("0.5-norm", .signed([2, 3], 0.5...1)) { $0[0].norm(0.5, axis: 1) },
    GradientCase("-2-norm", .signed([2, 3], 0.5...1)) { $0[0].norm(-2, axes: [0, 1]) },
    GradientCase("∞-norm", .signed([2, 3])) { $0[0].norm(.infinity, axis: 1).squared() },
    GradientCase("-∞-norm", .signed([2, 3])) { $0[0].norm(-.infinity).squared() },
    GradientCase("unitNormalized", .signed([2, 3])) { $0[0].unitNormalized() },
    GradientCase("unitNormalized, 3-norm", .signed([2, 3], 0.5...1)) { $0[0].unitNormalized(3, axis: 0) },
    GradientCase("cosineSimilarity", .signed([2, 3]), .signed([3])) { $0[0].cosineSimilarity($0[1]) },
    GradientCase("distances", .signed([2, 3, 2]), .signed([2, 2])) { $0[0].distances(to: $0[1]) },
    GradientCase("distances, 3-norm", .signed([3, 2]), .between(2, 3, [2, 2])) { $0[0].distances(to: $0[1], p: 3) },
  ]

  static let compositions: [GradientCase] = [
    of("lerp", [2, 3]) { $0.lerp(to: $0.squared(), weight: 0.3) },
    of("lerp, near the end", [2, 3]) { $0.lerp(to: $0.squared(), weight: 0.7) },
    GradientCase("lerp with weights", .signed([2, 3]), .signed([3]), .between(0.1, 0.9, [2, 1])) { x in
      x[0].lerp(to: x[1].exp(), weight: x[2])
    },
    of("nanToNumber", [2, 3]) { $0.squared().nanToNumber() },
    GradientCase("sinc", .signed([3, 4], 0.3...2)) { $0[0].sinc() },
    GradientCase("sinc near 0", .signed([3, 4], 0.01...0.2)) { $0[0].sinc() },
    of("median", [2, 4]) { $0.median(axis: 1) },
    of("median of all", [3, 3]) { $0.median() },
    of("quantile", [2, 3, 4]) { $0.quantile(0.3, axes: [0, 2]) },
    of("quantile, midpoint", [5, 2]) { $0.quantile(0.3, axis: 0, interpolation: .midpoint, keepingRank: true) },
    of("quantile, nearest", [2, 5]) { $0.quantile(0.7, axis: 1, interpolation: .nearest) },
  ]

  static let rearrangements: [GradientCase] = [
    of("rolled", [2, 5]) { $0.rolled(by: 2, axis: 1) },
    of("movedAxis", [2, 3, 2]) { $0.movedAxis(from: 0, to: 2) },
    of("unbound", [3, 2]) { x in
      let slices = x.unbound(axis: 1)
      return slices[0] * slices[1]
    },
    of("flipped axes", [2, 3, 2]) { $0.flipped(axes: [0, 2]) },
    of("rotated90", [2, 3]) { $0.rotated90() },
    of("rotated90 back", [2, 3]) { $0.rotated90(times: -1) },
    GradientCase("meshGrid", .signed([2]), .signed([3])) { x in
      let grid = Tensor.meshGrid([x[0], x[1].exp()], indexing: .xy)
      return grid[0].squared() * grid[1]
    },
    GradientCase("outer", .signed([2]), .signed([3])) { $0[0].outer($0[1].squared()) },
    GradientCase("cross", .signed([2, 3]), .signed([1, 3])) { $0[0].cross($0[1].squared()) },
    GradientCase("kronecker", .signed([2, 2]), .signed([3])) { $0[0].kronecker($0[1].squared()) },
    of("difference", [2, 4]) { $0.difference(times: 2) },
    of("lowerTriangle", [2, 3, 3]) { $0.lowerTriangle() },
    of("upperTriangle", [3, 4]) { $0.upperTriangle(diagonal: 1) },
    of("diagonal", [2, 3, 4]) { $0.diagonal(offset: 1) },
    of("diagonalMatrix", [2, 3]) { $0.diagonalMatrix(offset: -1) },
    of("trace", [2, 3, 3]) { $0.trace() },
  ]
}
