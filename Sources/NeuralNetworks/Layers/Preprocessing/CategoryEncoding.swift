import HostSystem

/// The output of layers that encode categories (Keras' `output_mode`).
public enum CategoryMode: String, Sendable, Hashable, Codable, CaseIterable {
  /// The index itself, as int32.
  case int
  /// A row of zeros with a 1 at the index: `[N, …]` → `[N, …, tokens]`. A last axis of extent 1 is replaced.
  case oneHot
  /// One row for all indices of an example, with a 1 at each: `[N, T]` → `[N, tokens]`.
  case multiHot
  /// One row for all indices of an example, with the number of times that each occurs: `[N, T]` → `[N, tokens]`.
  case count
}

/// Encodes indices of categories as rows of numbers (Keras' `CategoryEncoding`; scikit-learn's `OneHotEncoder` for
/// indices).
///
/// ```swift
/// CategoryEncoding(4, .multiHot)     // [[0, 1], [1, 2]] → [[1, 1, 0, 0], [0, 1, 1, 0]]
/// ```
///
/// The input is int32. An index that is not from 0 to below `tokens` gives zeros. The output is float32.
public final class CategoryEncoding: Layer {
  /// All settings.
  public let configuration: Configuration

  /// Creates an encoding layer.
  /// - Parameters:
  ///   - tokens: The number of categories.
  ///   - mode: The form of the output; not `int`.
  public convenience init(_ tokens: Int, _ mode: CategoryMode = .multiHot) {
    self.init(configuration: Configuration(tokens: tokens, mode: mode))
  }

  public init(configuration: Configuration) { self.configuration = configuration }

  public func prepare(inputShape: [Int]) throws {
    guard configuration.tokens > 0, Int32(exactly: configuration.tokens) != nil, configuration.mode != .int else {
      throw ModelError.invalidConfiguration(
        layer: "CategoryEncoding",
        reason: "\(configuration.tokens) categories in mode \(configuration.mode.rawValue); "
          + "at least one in mode oneHot, multiHot, or count is needed")
    }
  }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    prepareCall(input)
    return configuration.mode.encoded(input, tokens: configuration.tokens)
  }

  public var allowsReplay: Bool { true }
}

extension CategoryMode {
  /// Returns int32 indices in this form.
  func encoded(_ indices: Tensor, tokens: Int) -> Tensor {
    switch self {
    case .int: return indices
    case .oneHot:
      let isColumn = indices.rank > 1 && indices.shape[indices.rank - 1] == 1
      return (isColumn ? indices.squeezed(axis: -1) : indices).oneHot(classes: tokens)
    case .multiHot: return counts(indices, tokens).minimum(1)
    case .count: return counts(indices, tokens)
    }
  }

  /// Returns the number of times that each index occurs in an example, `[N, tokens]`. A row of `tokens` numbers for each
  /// index would take T times the memory of the result.
  private func counts(_ indices: Tensor, _ tokens: Int) -> Tensor {
    let rows = rows(indices)
    return Tensor.zeros([rows.shape[0], tokens], on: rows.device)
      .scatterAdded(.ones(rows.shape, on: rows.device), at: rows, axis: 1)
  }

  /// The indices of each example in one row.
  private func rows(_ indices: Tensor) -> Tensor {
    indices.rank == 1 ? indices.expanded(axis: 1) : indices.flattened(from: 1)
  }
}

extension CategoryEncoding: ConfigurableLayer {
  /// The configuration of a `CategoryEncoding` in a model description. The default mode is `multiHot`.
  public struct Configuration: Codable, Sendable, LayerSettings {
    /// The number of categories.
    public var tokens: Int
    /// The form of the output.
    public var mode = CategoryMode.multiHot

    static var template: Self { Self(tokens: 1) }
    static let required: Set = ["tokens"]
  }
}
