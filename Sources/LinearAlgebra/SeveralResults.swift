import Tensors

/// Returns the results of a function of a tensor `[..., m, n]` with a custom gradient.
///
/// A function with a custom gradient has one result, so the results are placed one after the other in one tensor. The
/// gradient of a result that is not used is 0.
/// - Parameters:
///   - shapes: The shapes of the results without the leading axes, which are those of the tensor.
///   - forward: Computes the results.
///   - backward: Returns the gradient of the tensor from those of the results.
func withCustomGradient(
  of x: Tensor, shapes: [[Int]], forward: (Tensor) throws -> [Tensor],
  backward: @escaping (_ upstream: [Tensor], _ input: Tensor, _ results: [Tensor]) throws -> Tensor
) throws -> [Tensor] {
  let packing = Packing(batch: Array(x.shape.dropLast(2)), shapes: shapes)
  let packed = try withCustomGradient(of: x) { x in
    packing.packed(try forward(x))
  } backward: { dy, x, y in
    gradient(of: x, from: dy) { try backward(packing.unpacked(dy), x, packing.unpacked(y)) }
  }
  return packing.unpacked(packed)
}

/// The arrangement of several results in the last axis of one tensor.
private struct Packing {
  let batch: [Int]
  let shapes: [[Int]]

  private var counts: [Int] { shapes.map { $0.reduce(1, *) } }

  func packed(_ results: [Tensor]) -> Tensor {
    .concatenated(zip(results, counts).map { $0.reshaped(batch + [$1]) }, axis: -1)
  }

  func unpacked(_ packed: Tensor) -> [Tensor] {
    zip(packed.split(sizes: counts, axis: -1), shapes).map { $0.reshaped(batch + $1) }
  }
}

extension Tensor {
  /// Returns x / y, and 0 where both are 0: there, no gradient arrives that would have to be finite.
  func gentlyDivided(by other: Tensor) -> Tensor {
    self / other.replacing(with: 1, where: (self .== 0) .& (other .== 0))
  }

  /// Replaces the diagonal by ∞, so that a quotient with these elements has zeros there.
  func withInfiniteDiagonal() -> Tensor {
    let positions = Tensor.range(0..<shape[rank - 1], on: device)
    return replacing(with: .infinity, where: positions.expanded(axis: 1) .== positions)
  }

  /// Returns (A + Aᵀ) / 2.
  func symmetrized() -> Tensor { (self + transposed()) / 2 }
}
