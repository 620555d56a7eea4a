/// How `Model.quantized(_:)` stores weights, and how the quantized model computes.
///
/// | method | weights | inputs of `Dense` |
/// | --- | --- | --- |
/// | `.weightOnly(.q80)` and others | 4 or 8 bits | floating point |
/// | `.dynamic` | int8, a scale for each unit | int8, a scale for each row, from its largest magnitude |
/// | `.static(calibratedWith:)` | int8, a scale for each unit | int8, a scale and a zero point for all, from calibration |
///
/// With `.dynamic` and `.static`, the products of `Dense` are sums of integers. Convolutions and embeddings always compute
/// in floating point.
///
/// `Dense` multiplies without decoding its weights for `.q80`, `.q40`, and `.q41` on the CPU and on OpenCL devices, and for
/// `.dynamic` and `.static` on the CPU. In all other cases, the weight of a layer is converted to float32 for each product,
/// so that only memory is saved, not time. On OpenCL, the recordings of a `Predictor` hold the decoded weights of
/// `.dynamic` and of `.static`, and save no memory either.
public struct QuantizationMethod: Sendable {
  enum Inputs: Sendable {
    case floatingPoint
    case dynamic
    case calibrated(CalibrationData, RangeObserver.Method)
  }

  let format: WeightFormat
  let inputs: Inputs

  /// Weights alone are quantized: the model takes less memory, and computes in floating point (PyTorch's and MLX's
  /// weight-only quantization).
  /// - Parameter format: The format of the weights.
  public static func weightOnly(_ format: WeightFormat = .q80) -> QuantizationMethod {
    QuantizationMethod(format: format, inputs: .floatingPoint)
  }

  /// Dense layers round each row of their input to int8, with the scale max |x|/127, and multiply integers. No data is needed.
  ///
  /// This is the rule of Keras' `model.quantize("int8")`. PyTorch's `quantize_dynamic` rounds the input with one asymmetric
  /// scale for all rows.
  public static var dynamic: QuantizationMethod { QuantizationMethod(format: .int8, inputs: .dynamic) }

  /// Dense layers round their input to int8 with a fixed scale and a fixed zero point, and multiply integers (PyTorch's
  /// static quantization after training). The range of each input is observed in the model before quantization.
  /// - Parameters:
  ///   - data: Examples like those that the model will see; targets are ignored. A few hundred are usually enough.
  ///   - batchSize: The number of examples that are processed at once.
  ///   - range: How the range of numbers is found; numbers outside are rounded to its ends.
  public static func `static`(
    calibratedWith data: some Dataset, batchSize: Int = 32, range: RangeObserver.Method = .minMax
  ) -> QuantizationMethod {
    QuantizationMethod(format: .int8, inputs: .calibrated(.dataset(data, batchSize: batchSize), range))
  }

  /// Dense layers round their input to int8 with a fixed scale and a fixed zero point, found with batches of inputs of a
  /// model with one input.
  /// - Parameters:
  ///   - batches: Inputs `[N, …]` like those that the model will see.
  ///   - range: How the range of numbers is found; numbers outside are rounded to its ends.
  public static func `static`(
    calibratedWith batches: [Tensor], range: RangeObserver.Method = .minMax
  ) -> QuantizationMethod {
    QuantizationMethod(format: .int8, inputs: .calibrated(.batches(batches), range))
  }
}

/// The format of quantized weights.
///
/// Blocks (`.q80`, `.q40`, `.q41`) are those of `QuantizedMatrix`, which the CPU decodes in registers; the inputs of a layer
/// are filled with zeros to a multiple of 32. They apply to `Dense`. Other layers then use `.int8` or `.int4()`, with as many
/// bits.
public struct WeightFormat: Sendable, Hashable {
  enum Kind: Sendable, Hashable {
    case blocks(BlockFormat)
    case int8
    case int4(groupSize: Int)
  }
  let kind: Kind

  /// Blocks of 32 integers of 8 bits, with a float16 scale each: 8.5 bits for a weight.
  public static let q80 = WeightFormat(kind: .blocks(.q80))
  /// Blocks of 32 integers of 4 bits, with a float16 scale each: 4.5 bits for a weight.
  public static let q40 = WeightFormat(kind: .blocks(.q40))
  /// Blocks of 32 integers of 4 bits, with a float16 scale and minimum each: 5 bits for a weight.
  public static let q41 = WeightFormat(kind: .blocks(.q41))
  /// int8, symmetric, with a float32 scale for each unit, filter, or row of a table.
  public static let int8 = WeightFormat(kind: .int8)
  /// Two weights in a byte, asymmetric, with a float32 scale and zero point for each group of inputs of a unit. This is
  /// similar to MLX's `quantize` with `bits=4`, whose zero point may lie outside the range of the type.
  /// - Parameter groupSize: The number of weights in a group: 32, as in blocks. MLX's default is 64.
  public static func int4(groupSize: Int = 32) -> WeightFormat { WeightFormat(kind: .int4(groupSize: groupSize)) }

  /// The name in reports.
  var name: String {
    switch kind {
    case .blocks(let format): format.rawValue
    case .int8: "int8"
    case .int4(let size): "int4, groups of \(size)"
    }
  }

  /// The format of layers that cannot multiply with blocks.
  var withoutBlocks: WeightFormat {
    guard case .blocks(let format) = kind else { return self }
    return format == .q80 ? .int8 : .int4()
  }

  /// Returns a matrix `[channels, numbers]` in integers. The format has no blocks.
  func quantized(_ matrix: Tensor) -> QuantizedTensor {
    if case .int4(let size) = kind {
      return matrix.quantized(
        AffineQuantization(fitting: matrix, type: .uint4, isSymmetric: false, granularity: .perGroup(size)))
    }
    return matrix.quantized(AffineQuantization(fitting: matrix, type: .int8, granularity: .perChannel(axis: 0)))
  }
}

/// The inputs with which static quantization finds the ranges of numbers.
enum CalibrationData: Sendable {
  case batches([Tensor])
  case dataset(any Dataset, batchSize: Int)

  /// Calls `body` with the inputs of each batch.
  /// - Throws: `TrainingError.emptyData` or `.batchSize`; errors of the dataset and of `body`.
  func forEach(_ body: ([Tensor]) throws -> Void) throws {
    switch self {
    case .batches(let batches):
      if batches.isEmpty { throw TrainingError.emptyData("calibration") }
      for batch in batches { try body([batch]) }
    case .dataset(let data, let batchSize):
      if batchSize < 1 { throw TrainingError.batchSize(batchSize) }
      if data.count == 0 { throw TrainingError.emptyData("calibration") }
      var batches = data.measured.batches(of: batchSize)
      while let batch = try batches.next() { try body(batch.inputs) }
    }
  }
}
