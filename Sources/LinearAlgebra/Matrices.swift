import CLapack
import HostSystem
import Tensors

/// The matrices of a tensor in host memory, in float64.
///
/// Vectors are matrices of one row, and numbers matrices of one element.
///
/// LAPACK stores matrices column by column, and a tensor row by row. A tensor `[..., rows, columns]` is therefore for
/// LAPACK a matrix of `columns` rows, the transpose. Most functions need no copy in another order, because they can
/// work with the transpose.
struct Matrices {
  /// The maximum number of elements of a matrix. The work space of LAPACK's functions, whose size is an integer of 32
  /// bits, has at most a few times as many.
  static let largest = 1 << 28

  /// The leading axes.
  let batch: [Int]
  let rows, columns: Int
  /// The axes that follow the leading ones in a tensor.
  private let axes: [Int]
  private(set) var elements: [Double]

  /// Reads the matrices. Waits for the device.
  init(_ x: Tensor) throws {
    (batch, axes) = (Array(x.shape.dropLast(2)), x.shape.suffix(2))
    (rows, columns) = (axes[0], axes[1])
    elements = try x.scalars(as: Double.self)
  }

  /// Creates matrices of zeros.
  init(batch: [Int], rows: Int, columns: Int) throws {
    try self.init(batch: batch, rows: rows, columns: columns, axes: [rows, columns])
  }

  /// Creates permutation matrices, `[..., size, size]`. Column j of a matrix has its 1 in the row `order[j]`.
  init(batch: [Int], size: Int, orders: [[Int]]) throws {
    try self.init(batch: batch, rows: size, columns: size)
    for (index, order) in orders.enumerated() {
      for (column, row) in order.enumerated() { elements[(index * size + row) * size + column] = 1 }
    }
  }

  /// Creates vectors of zeros.
  init(batch: [Int], count: Int) throws {
    try self.init(batch: batch, rows: 1, columns: count, axes: [count])
  }

  private init(batch: [Int], rows: Int, columns: Int, axes: [Int]) throws {
    (self.batch, self.rows, self.columns, self.axes) = (batch, rows, columns, axes)
    let count = (batch + axes).reduce(1, *)
    do { try HostMemory.check(count, of: MemoryLayout<Double>.stride) } catch {
      throw DeviceError(error)
    }
    elements = Array(repeating: 0, count: count)
  }

  /// Creates one number for each position in the leading axes.
  init(batch: [Int], numbers: [Double]) {
    (self.batch, rows, columns, axes, elements) = (batch, 1, 1, [], numbers)
  }

  /// The number of matrices.
  var count: Int { batch.reduce(1, *) }

  /// The position of a matrix in the leading axes.
  func position(_ index: Int) -> [Int] {
    var rest = index
    return batch.reversed().map { extent in
      defer { rest /= extent }
      return rest % extent
    }.reversed()
  }

  /// Calls `body` with the elements of a matrix, and returns its result; 0 if there are none.
  @discardableResult
  mutating func withMatrix(_ index: Int, _ body: (UnsafeMutablePointer<Double>) throws -> Int32) rethrows -> Int32 {
    let size = rows * columns
    return try elements.withUnsafeMutableBufferPointer { elements in
      guard size > 0, let first = elements.baseAddress else { return 0 }
      return try body(first + index * size)
    }
  }

  /// Returns the matrices as a tensor with the element type and device of another one.
  func tensor(like x: Tensor) -> Tensor {
    Tensor(elements, shape: batch + axes, dtype: x.dtype, on: x.device)
  }
}
