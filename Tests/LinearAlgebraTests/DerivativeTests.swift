import Tensors
import TestSupport
import Testing

@testable import LinearAlgebra

/// A differentiable function of matrices, with the shapes of its operands.
struct DerivativeCase: Sendable, CustomTestStringConvertible {
  var name: String
  var shapes: [[Int]]
  var function: @Sendable ([Tensor]) throws -> [Tensor]
  var testDescription: String { name }

  init(_ name: String, _ shapes: [Int]..., of function: @escaping @Sendable ([Tensor]) throws -> [Tensor]) {
    (self.name, self.shapes, self.function) = (name, shapes, function)
  }

  var numbers: [[Double]] { shapes.enumerated().map { LinearAlgebraTests.numbers($1.reduce(1, *), $0) } }

  func tensors(_ numbers: [[Double]]) -> [Tensor] {
    zip(numbers, shapes).map { tensor($0, $1, on: TestDevices.reference) }
  }

  /// Σ wᵢ·sin(yᵢ) with fixed, distinct weights: a function with a second derivative.
  func objective(_ x: [Tensor]) throws -> Tensor { try weighted(function(x).map { $0.sin() }, seed: 5) }

  /// Σ vᵢ·∂objective/∂xᵢ with fixed weights: a function whose gradient is a second derivative.
  func derivativeObjective(_ x: [Tensor]) throws -> Tensor {
    weighted(try valueAndGradient(at: x) { try objective($0) }.gradient, seed: 9)
  }

  private func weighted(_ tensors: [Tensor], seed: Int) -> Tensor {
    let sums = tensors.enumerated().map { index, x in (x * matrices(x.shape, seed + index, on: x.device)).sum() }
    return Tensor.stacked(sums).sum()
  }
}

/// Gradients of first and second order against central differences of fourth order, in float64.
@Suite struct DerivativeTests {
  static func regular(_ x: Tensor) -> Tensor {
    x + 2 * Tensor.identity(x.shape[x.rank - 1], on: x.device).cast(to: x.dtype)
  }

  static func definite(_ x: Tensor) -> Tensor { regular(x.matmul(x, transposingRight: true)) }

  static func pair(_ results: (Tensor, Tensor)) -> [Tensor] { [results.0, results.1] }
  static func factors(_ lu: LUFactorization) -> [Tensor] { [lu.lower, lu.upper] }
  static func factors(_ ldl: LDLFactorization) -> [Tensor] { [ldl.lower, ldl.blockDiagonal] }
  static func triple(_ results: (Tensor, Tensor, Tensor)) -> [Tensor] { [results.0, results.1, results.2] }

  static let cases: [DerivativeCase] = [
    DerivativeCase("solve", [3, 3], [3, 2]) { [try regular($0[0]).solve($0[1])] },
    DerivativeCase("solve, vector", [3, 3], [3]) { [try regular($0[0]).solve($0[1])] },
    DerivativeCase("solve, batches", [2, 1, 2, 2], [3, 2, 1]) { [try regular($0[0]).solve($0[1])] },
    DerivativeCase("solve, one matrix", [2, 2], [3, 2, 1]) { [try regular($0[0]).solve($0[1])] },
    DerivativeCase("inverse", [2, 3, 3]) { [try regular($0[0]).inverse()] },
    DerivativeCase("triangularSolve", [3, 3], [3, 2]) { [try regular($0[0]).triangularSolve($0[1])] },
    DerivativeCase("triangularSolve, upper", [3, 3], [3, 2]) {
      [try regular($0[0]).triangularSolve($0[1], upper: true)]
    },
    DerivativeCase("triangularSolve, transposed", [2, 3, 3], [3]) {
      [try regular($0[0]).triangularSolve($0[1], transposed: true)]
    },
    DerivativeCase("triangularSolve, upper and transposed", [3, 3], [2, 3, 2]) {
      [try regular($0[0]).triangularSolve($0[1], upper: true, transposed: true)]
    },
    DerivativeCase("cholesky", [2, 3, 3]) { [try definite($0[0]).cholesky()] },
    DerivativeCase("choleskySolve", [3, 3], [3, 2]) { [try regular($0[0]).choleskySolve($0[1])] },
    DerivativeCase("determinant", [2, 3, 3]) { [try $0[0].determinant()] },
    DerivativeCase("signAndLogDeterminant", [2, 3, 3]) { [try $0[0].signAndLogDeterminant().logMagnitude] },
    DerivativeCase("lu", [2, 3, 3]) { factors(try $0[0].lu()) },
    DerivativeCase("lu, tall", [4, 2]) { factors(try $0[0].lu()) },
    DerivativeCase("lu, wide", [2, 2, 4]) { factors(try $0[0].lu()) },
    DerivativeCase("lu, solve", [3, 3], [3, 2]) { [try regular($0[0]).lu().solve($0[1])] },
    DerivativeCase("ldl", [2, 3, 3]) { factors(try $0[0].symmetrized().ldl()) },
    DerivativeCase("ldl, blocks of two rows", [4, 4]) {
      let x = $0[0].symmetrized()
      return factors(try (x - x.diagonal().diagonalMatrix()).ldl())
    },
    DerivativeCase("ldl, solve", [4, 4], [4, 2]) { [try $0[0].symmetrized().ldl().solve($0[1])] },
    DerivativeCase("ldl, solve, block of two rows in the middle", [5, 5], [5]) {
      [try $0[0].symmetrized().ldl().solve($0[1])]
    },
    DerivativeCase("householderProduct", [2, 4, 3], [2, 3]) { [$0[0].householderProduct(scales: $0[1])] },
    DerivativeCase("householderProduct, fewer scales", [3, 3], [2]) {
      [$0[0].householderProduct(scales: $0[1])]
    },
    DerivativeCase("qr", [2, 3, 3]) { pair(try $0[0].qr()) },
    DerivativeCase("qr, tall", [4, 2]) { pair(try $0[0].qr()) },
    DerivativeCase("qr, wide", [2, 2, 4]) { pair(try $0[0].qr()) },
    DerivativeCase("qr, r only", [3, 2]) { [try $0[0].qr().r] },
    DerivativeCase("svd", [2, 3, 3]) { triple(try $0[0].svd()) },
    DerivativeCase("svd, tall", [4, 2]) { triple(try $0[0].svd()) },
    DerivativeCase("svd, wide", [2, 2, 3]) { triple(try $0[0].svd()) },
    DerivativeCase("svd, v only", [3, 2]) { [try $0[0].svd().vTransposed] },
    DerivativeCase("polarDecomposition", [2, 3, 3]) { pair(try $0[0].polarDecomposition()) },
    DerivativeCase("polarDecomposition, tall", [4, 2]) { pair(try $0[0].polarDecomposition()) },
    DerivativeCase("polarDecomposition, wide", [2, 2, 3]) { pair(try $0[0].polarDecomposition(left: true)) },
    DerivativeCase("matrixExponential", [2, 3, 3]) { [try (2 * $0[0]).matrixExponential()] },
    DerivativeCase("singularValues", [2, 3, 2]) { [try $0[0].singularValues()] },
    DerivativeCase("symmetricEigenvectors", [2, 3, 3]) { pair(try $0[0].symmetrized().symmetricEigenvectors()) },
    DerivativeCase("symmetricEigenvalues", [2, 3, 3]) { [try $0[0].symmetrized().symmetricEigenvalues()] },
    DerivativeCase("leastSquares, tall", [4, 2], [4, 3]) { [try $0[0].leastSquares($0[1])] },
    DerivativeCase("leastSquares, wide", [2, 2, 4], [2]) { [try $0[0].leastSquares($0[1])] },
    DerivativeCase("leastSquares, rank 1", [4], [3], [4]) { [try $0[0].outer($0[1]).leastSquares($0[2])] },
    DerivativeCase("pseudoInverse, tall", [2, 4, 2]) { [try $0[0].pseudoInverse()] },
    DerivativeCase("pseudoInverse, wide", [2, 3]) { [try $0[0].pseudoInverse()] },
    DerivativeCase("pseudoInverse, rank 1", [4], [3]) { [try $0[0].outer($0[1]).pseudoInverse()] },
    DerivativeCase("matrixPower", [2, 3, 3]) { [try $0[0].matrixPower(5), try regular($0[0]).matrixPower(-2)] },
    DerivativeCase("conditionNumber", [2, 3, 2]) { [try $0[0].conditionNumber()] },
    DerivativeCase("norms", [2, 3, 2]) { [try $0[0].spectralNorm(), try $0[0].nuclearNorm()] },
  ]

  @Test(arguments: cases)
  func firstDerivative(_ test: DerivativeCase) throws {
    let (_, gradients) = try valueAndGradient(at: test.tensors(test.numbers)) { try test.objective($0) }
    try expectDifferences(of: test, gradients) { try test.objective($0) }
  }

  @Test(arguments: cases)
  func secondDerivative(_ test: DerivativeCase) throws {
    let (_, gradients) = try valueAndGradient(at: test.tensors(test.numbers)) { try test.derivativeObjective($0) }
    try expectDifferences(of: test, gradients) { try test.derivativeObjective($0) }
  }

  private func expectDifferences(
    of test: DerivativeCase, _ gradients: [Tensor], _ function: ([Tensor]) throws -> Tensor
  ) throws {
    let step = 1e-3
    for (operand, gradient) in gradients.enumerated() {
      let expected = try test.numbers[operand].indices.map { index in
        func value(_ steps: Double) throws -> Double {
          var numbers = test.numbers
          numbers[operand][index] += steps * step
          return try function(test.tensors(numbers)).item()
        }
        return try (8 * (value(1) - value(-1)) - (value(2) - value(-2))) / (12 * step)
      }
      #expect(expected.contains { abs($0) > 1e-3 })
      try expect(gradient, expected, shape: test.shapes[operand], tolerance: 1e-7, "operand \(operand)")
    }
  }
}
