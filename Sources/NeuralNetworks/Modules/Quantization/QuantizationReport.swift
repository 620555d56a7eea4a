import BackendCore
import HostSystem

/// The result of quantizing a model: the sizes of its layers, and how much their outputs changed.
///
/// Printing it gives a line for each layer.
public struct QuantizationReport: Sendable, CustomStringConvertible {
  /// The difference between outputs y before and q after quantization: NaN if one of them is NaN.
  ///
  /// Equal numbers, also equal infinities, have the difference 0. Infinities in y do not count for the size of y.
  public struct Deviation: Sendable, Hashable {
    /// max |q − y| / max |y|.
    public let largest: Double
    /// √(Σ(q − y)² / Σy²).
    public let rootMeanSquare: Double
  }

  /// A layer whose weight is stored in integers.
  public struct Layer: Sendable, Hashable {
    /// The path of the layer in the model, and its type: "2 (Dense)".
    public let name: String
    /// The format of the weight, and of the input if it is rounded, too.
    public let format: String
    /// The size of the weight in memory, in bytes, before and after, with the padding of integers.
    public let byteCountBefore, byteCountAfter: Int
    /// The change of the layer's own output for the inputs that it has in the original model; nil without samples.
    public let deviation: Deviation?
  }

  /// A layer whose weights stay floating-point numbers.
  public struct UnchangedLayer: Sendable, Hashable {
    /// The path of the layer in the model, and its type.
    public let name: String
    /// Why it is unchanged: "not supported", "not included", or "would not be smaller".
    public let reason: String
    /// The size of its parameters in bytes.
    public let byteCount: Int
  }

  /// The quantized layers, in the order of the model.
  public let layers: [Layer]
  /// The layers with matrices of weights that are not quantized. Vectors, such as biases, always stay as they are.
  public let unchanged: [UnchangedLayer]
  /// The size of all parameters in bytes, before and after.
  public let byteCountBefore, byteCountAfter: Int
  /// The change of the model's outputs, the largest one of several; nil without samples.
  public let outputs: Deviation?

  public var description: String {
    var lines = [
      "\(byteCountBefore) bytes → \(byteCountAfter) bytes"
        + (outputs.map { "; outputs change by \($0)" } ?? "")
    ]
    for layer in layers {
      lines.append(
        "\(layer.name): \(layer.format), \(layer.byteCountBefore) → \(layer.byteCountAfter)"
          + (layer.deviation.map { "; \($0)" } ?? ""))
    }
    for layer in unchanged { lines.append("\(layer.name): unchanged (\(layer.reason)), \(layer.byteCount)") }
    return lines.joined(separator: "\n")
  }
}

extension QuantizationReport.Deviation: CustomStringConvertible {
  /// Whether the root mean square is below another one. NaN is the largest.
  func isSmaller(than other: Self) -> Bool {
    other.rootMeanSquare.isNaN ? !rootMeanSquare.isNaN : rootMeanSquare < other.rootMeanSquare
  }

  /// Both numbers in percent.
  public var description: String {
    "\(NumberText.short(100 * rootMeanSquare)) % (largest \(NumberText.short(100 * largest)) %)"
  }
}

/// The difference between outputs, summed over several calls.
struct DeviationSum {
  private var (largest, peak, squares, power) = (0.0, 0.0, 0.0, 0.0)

  /// Adds the outputs of one call.
  /// - Throws: `DeviceError`.
  mutating func add(_ quantized: Tensor, original: Tensor) throws {
    if original.count == 0 { return }
    let y = original.detached().cast(to: .float32)
    let q = quantized.detached().cast(to: .float32)
    let change = (q - y).replacing(with: 0, where: q .== y)
    let size = y.replacing(with: 0, where: y.magnitude() .== Double.infinity)
    largest = value(of: .maximum, largest, try change.magnitude().max().item())
    peak = value(of: .maximum, peak, try size.magnitude().max().item())
    squares += try change.squared().sum().item()
    power += try size.squared().sum().item()
  }

  var deviation: QuantizationReport.Deviation {
    func ratio(_ change: Double, _ size: Double) -> Double { change == 0 ? 0 : change / size }
    return .init(largest: ratio(largest, peak), rootMeanSquare: ratio(squares, power).squareRoot())
  }
}
