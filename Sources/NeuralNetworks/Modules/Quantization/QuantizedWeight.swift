import BackendCore
import HostSystem

/// The value of a parameter, stored in integers. It never changes.
struct QuantizedWeight: Sendable {
  enum Storage: Sendable {
    /// Wᵀ `[units, inputs]`, with inputs filled to whole blocks.
    case blocks(QuantizedMatrix)
    /// Wᵀ `[units, inputs]`, for products of integers; the correction is added to each row of products.
    case integers(PackedIntegers, InputRounding, correction: Tensor?)
    /// Wᵀ `[units, inputs]` of a matrix, or `[channels, numbers]` of another weight.
    case affine(QuantizedTensor)
  }

  let storage: Storage
  /// The shape of the parameter.
  let shape: [Int]
  /// Whether rows are the columns of the parameter.
  private let isTransposed: Bool
  /// The device of the model.
  let device: Device

  init(_ storage: Storage, _ shape: [Int], isTransposed: Bool, on device: Device) {
    (self.storage, self.shape, self.isTransposed, self.device) = (storage, shape, isTransposed, device)
  }

  /// Quantizes the matrix `[inputs, units]` of a layer that multiplies with it.
  /// - Parameter rounding: How inputs become integers; nil if they stay floating-point numbers.
  /// - Throws: `DeviceError` if the weight cannot be read, or memory is short.
  init(matrix weight: Tensor, as format: WeightFormat, rounding: InputRounding?) throws {
    let rows = weight.transposed().cast(to: .float32)
    let storage: Storage
    if let rounding {
      let quantized = format.quantized(rows)
      let packed = try PackedIntegers(quantized.integers(), scales: quantized.quantization.scale)
      storage = .integers(packed, rounding, correction: rounding.correction(for: packed, on: weight.device))
    } else if case .blocks(let block) = format.kind {
      let inputs = rows.shape[1]
      let filled = rows.padded([(0, 0), (0, inputs.roundedUp(toMultipleOf: block.count) - inputs)])
      storage = .blocks(try QuantizedMatrix(quantizing: filled, as: block))
    } else {
      storage = .affine(format.quantized(rows))
    }
    self.init(storage, weight.shape, isTransposed: true, on: weight.device)
    try checkPoison()
  }

  /// Quantizes a weight whose first axis is that of the channels: the filters of a convolution, the rows of a table.
  /// - Throws: `DeviceError` if memory is short.
  init(rows weight: Tensor, as format: WeightFormat) throws {
    let matrix = weight.cast(to: .float32).reshaped([weight.shape[0], -1])
    self.init(
      .affine(format.withoutBlocks.quantized(matrix)), weight.shape, isTransposed: false, on: weight.device)
    try checkPoison()
  }

  /// Throws the first error of the operations that produced the weight.
  func checkPoison() throws {
    switch storage {
    case .blocks: break
    case .integers(_, _, let correction): try correction?.checkPoison()
    case .affine(let tensor): try tensor.checkPoison()
    }
  }

  /// The size of integers and scales in memory, in bytes, with the padding.
  var byteCount: Int {
    switch storage {
    case .blocks(let matrix): matrix.blocks.bytes.count
    case .integers(let packed, _, let correction): packed.byteCount + 4 * (correction?.count ?? 0)
    case .affine(let tensor): tensor.byteCount
    }
  }

  /// Returns the weight on a device.
  /// - Throws: `DeviceError`.
  func moved(to device: Device) throws -> QuantizedWeight {
    let storage: Storage =
      switch storage {
      case .blocks: self.storage
      case .integers(let packed, let rounding, let correction):
        .integers(packed, rounding, correction: correction?.moved(to: device))
      case .affine(let tensor): .affine(tensor.moved(to: device))
      }
    let moved = QuantizedWeight(storage, shape, isTransposed: isTransposed, on: device)
    try moved.checkPoison()
    return moved
  }

  /// The numbers that the integers represent, in the shape of the parameter.
  var value: Tensor {
    isTransposed ? rows.transposed() : rows.reshaped(shape)
  }

  /// The rows as numbers.
  private var rows: Tensor {
    switch storage {
    case .blocks(let matrix):
      let numbers = Tensor(matrix.numbers(ofRows: 0..<matrix.shape[0]), shape: matrix.shape, on: device)
      return numbers[.all, 0..<shape[0]]
    case .integers(let packed, _, _): return packed.dequantized(on: device)
    case .affine(let tensor): return tensor.dequantized()
    }
  }

  /// Returns x·W + b for the weight of a layer that multiplies with a matrix.
  func linear(_ x: Tensor, bias: Tensor?) -> Tensor {
    switch storage {
    case .blocks(let matrix):
      let width = matrix.shape[1] - shape[0]
      let filled = width == 0 ? x : x.padded([(Int, Int)](repeating: (0, 0), count: x.rank - 1) + [(0, width)])
      return filled.quantizedMatmul(matrix).adding(bias)
    case .integers(let packed, let rounding, let correction):
      let bias = bias?.cast(to: .float32)
      let sum = correction.map { correction in bias.map { $0 + correction } ?? correction } ?? bias
      return rounding.product(x, packed, bias: sum)
    case .affine(let tensor):
      return x.matmul(tensor.dequantized().cast(to: x.dtype), transposingRight: true).adding(bias)
    }
  }

  /// Returns the rows at these positions.
  func rows(at positions: Tensor) -> Tensor {
    guard case .affine(let tensor) = storage, !isTransposed else { return value.embedded(positions, padding: nil) }
    return tensor.rows(at: positions)
  }
}

/// How a layer rounds its input to 8-bit integers.
enum InputRounding: Sendable {
  /// With the scale max |x|/127 of each row.
  case perRow
  /// x ≈ middle + scale·q, with q within ±127. The middle is a multiple of the scale, so that 0 is represented exactly.
  case fixed(scale: Float, middle: Float)

  /// Creates the rounding whose integers cover a range, extended to contain 0.
  static func covering(_ range: ClosedRange<Double>) -> InputRounding {
    let (low, high) = (min(range.lowerBound, 0), max(range.upperBound, 0))
    let scale = max(Float((high - low) / 254), .leastNormalMagnitude)
    return .fixed(scale: scale, middle: scale * Float(((low + high) / 2 / Double(scale)).rounded()))
  }

  /// Returns middle·ΣW, which is missing in the products of x − middle: the correction for a zero point. Nil for none.
  func correction(for weight: PackedIntegers, on device: Device) -> Tensor? {
    guard case .fixed(_, let middle) = self, middle != 0 else { return nil }
    return Tensor((0..<weight.units).map { middle * weight.scales[$0] * Float(weight.sums[$0]) }, on: device)
  }

  /// Returns (x − middle)·Wᵀ + b with rounded x, in the type of x.
  func product(_ x: Tensor, _ weight: PackedIntegers, bias: Tensor?) -> Tensor {
    switch self {
    case .perRow: return quantizedLinear(x, weight, inputScale: nil, bias: bias)
    case .fixed(let scale, let middle):
      let shifted = middle == 0 ? x : x.cast(to: .float32) - middle
      return quantizedLinear(shifted, weight, inputScale: scale, bias: bias).cast(to: x.dtype)
    }
  }
}

extension Tensor {
  fileprivate func adding(_ bias: Tensor?) -> Tensor { bias.map { self + $0 } ?? self }
}
