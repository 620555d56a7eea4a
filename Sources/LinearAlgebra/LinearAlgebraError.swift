import Tensors

/// An error of a function of matrices.
///
/// `matrix` is the position of the matrix in the leading axes of a tensor, and empty if the tensor is a single matrix.
public enum LinearAlgebraError: NeuralNetworksError, Hashable {
  /// LAPACK is not installed.
  case missingLibrary
  /// The matrices are on a device that LAPACK cannot reach.
  case unsupportedDevice(operation: String, device: String)
  /// A square matrix has no inverse.
  case singular(operation: String, matrix: [Int])
  /// A symmetric matrix is not positive definite: its leading minor of this order is not positive.
  case notPositiveDefinite(operation: String, matrix: [Int], order: Int)
  /// A matrix has elements that are infinite or NaN.
  case notFinite(operation: String, matrix: [Int])
  /// The iteration for singular values or eigenvalues did not converge.
  case notConverged(operation: String, matrix: [Int])
  /// LAPACK's integers cannot represent the size of the matrices, which have the last two axes of this shape.
  case tooLarge(operation: String, shape: [Int])
  /// There is not enough memory for intermediate results.
  case outOfMemory(operation: String)

  public var description: String {
    switch self {
    case .missingLibrary:
      "linear algebra needs the Debian package liblapack3 or libopenblas0-pthread: apt-get install liblapack3"
    case .unsupportedDevice(let operation, let device):
      "\(operation): matrices on \(device) cannot be factored; move them with .moved(to: .cpu)"
    case .singular(let operation, let matrix): "\(operation): \(Self.name(matrix)) is singular"
    case .notPositiveDefinite(let operation, let matrix, let order):
      "\(operation): \(Self.name(matrix)) is not positive definite: its leading minor of order \(order) is not positive"
    case .notFinite(let operation, let matrix): "\(operation): \(Self.name(matrix)) has infinite or NaN elements"
    case .notConverged(let operation, let matrix):
      "\(operation): the iteration for \(Self.name(matrix)) did not converge"
    case .tooLarge(let operation, let shape):
      "\(operation): matrices of shape \(shape) are too large; at most \(Matrices.largest) elements are possible"
    case .outOfMemory(let operation): "\(operation): there is not enough memory for intermediate results"
    }
  }

  private static func name(_ matrix: [Int]) -> String { matrix.isEmpty ? "the matrix" : "matrix \(matrix)" }
}
