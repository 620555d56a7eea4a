import CommandSupport
import ModelFormats
import NeuralNetworks

extension InputScaling {
  /// Numbers that go into a model as they are.
  static let none = InputScaling()

  /// Mean 0 and deviation 1 in each column of `[rows, columns]`; a column of one value becomes 0.
  static func standard(_ values: [Float], columns: Int) -> InputScaling {
    let rows = max(values.count / max(columns, 1), 1)
    var result = InputScaling(shift: [], factor: [])
    for column in 0..<columns {
      let entries = stride(from: column, to: values.count, by: columns).map { Double(values[$0]) }
      let mean = entries.reduce(0, +) / Double(rows)
      let variance = entries.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(rows)
      let deviation = variance.squareRoot()
      result.shift.append(Float(mean))
      result.factor.append(deviation > 1e-12 * max(mean.magnitude, 1) ? Float(1 / deviation) : 1)
    }
    return result
  }

  /// True when raw numbers can be scaled, and the scaling be undone.
  var isValid: Bool {
    let columns = max(shift.count, factor.count)
    return [shift, factor].allSatisfy { $0.count == columns || $0.count == 1 } && shift.allSatisfy(\.isFinite)
      && factor.allSatisfy { $0.isFinite && $0 != 0 }
  }

  /// Checks that inputs of this shape can be scaled so.
  /// - Parameter source: where the inputs come from, for messages.
  func check(_ inputShape: [Int], of source: String) throws {
    let columns = max(shift.count, factor.count)
    guard columns == 1 || inputShape == [columns] else {
      throw Failure(
        "\(source): expected \(columns) columns, as the model was trained on, found the shape \(inputShape)")
    }
  }

  func applied(to raw: Tensor) -> Tensor { (raw - Self.tensor(shift)) * Self.tensor(factor) }

  /// The raw numbers again.
  func removed(from scaled: Tensor) -> Tensor { scaled / Self.tensor(factor) + Self.tensor(shift) }

  private static func tensor(_ numbers: [Float]) -> Tensor { numbers.count == 1 ? Tensor(numbers[0]) : Tensor(numbers) }
}
