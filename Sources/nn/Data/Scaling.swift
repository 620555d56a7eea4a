import CommandSupport
import ModelFormats
import NeuralNetworks

extension InputScaling {
  /// The scaling that leaves inputs unchanged.
  static let none = InputScaling()

  /// Whether the scaling can be applied and reversed.
  var isValid: Bool {
    let columns = max(shift.count, factor.count)
    return [shift, factor].allSatisfy { $0.count == columns || $0.count == 1 } && shift.allSatisfy(\.isFinite)
      && factor.allSatisfy { $0.isFinite && $0 != 0 }
  }

  /// Checks that the scaling matches inputs of this shape.
  /// - Parameter source: The source of the inputs, for messages.
  func check(_ inputShape: [Int], of source: String) throws {
    let columns = max(shift.count, factor.count)
    guard columns == 1 || inputShape == [columns] else {
      throw Failure(
        "\(source): expected \(columns) columns, as the model was trained on, found the shape \(inputShape)")
    }
  }

  func applied(to raw: Tensor) -> Tensor { (raw - Self.tensor(shift)) * Self.tensor(factor) }

  /// Restores the raw numbers.
  func removed(from scaled: Tensor) -> Tensor { scaled / Self.tensor(factor) + Self.tensor(shift) }

  private static func tensor(_ numbers: [Float]) -> Tensor { numbers.count == 1 ? Tensor(numbers[0]) : Tensor(numbers) }
}
