import HostSystem

/// Maps whole numbers, such as postal codes, to indices (Keras' `IntegerLookup`).
///
/// ```swift
/// let codes = IntegerLookup()
/// try codes.adapt(to: Tensor([12, 36, 1138, 36], shape: [4], dtype: .int32))
/// codes.vocabulary                                   // [36, 12, 1138]: the most frequent first
/// ```
///
/// The input has any integer type. As in Keras, index 0 stands for numbers that are not in the vocabulary; with a
/// `maskToken`, this number has index 0, and unknown numbers have index 1. The indices of the vocabulary follow. The
/// vocabulary is part of the configuration, so it is saved with the model. Call `adapt(to:)` before the layer is used.
public final class IntegerLookup: Layer {
  /// All settings.
  public private(set) var configuration: Configuration
  /// The known numbers, in the order of their indices.
  public var vocabulary: [Int] { configuration.vocabulary }
  /// The number of indices, including those for the mask and for unknown numbers.
  public var tokens: Int { configuration.tokens }
  private let constants = LayerConstants()

  /// Creates a lookup layer.
  /// - Parameters:
  ///   - vocabulary: Distinct int32 numbers in the order of their indices; empty before `adapt(to:)`.
  ///   - maxTokens: The maximum number of indices; nil for no limit.
  ///   - maskToken: The number with index 0, such as one for padding; nil for none.
  ///   - mode: The form of the output.
  public convenience init(
    vocabulary: [Int] = [], maxTokens: Int? = nil, maskToken: Int? = nil, mode: CategoryMode = .int
  ) {
    self.init(
      configuration: Configuration(vocabulary: vocabulary, maxTokens: maxTokens, maskToken: maskToken, mode: mode))
  }

  public init(configuration: Configuration) { self.configuration = configuration }

  /// Replaces the vocabulary with the distinct numbers of the data, the most frequent first; equally frequent ones are
  /// ordered by their value. The mask is left out.
  /// - Parameter data: Integers of any shape, within the range of int32.
  /// - Throws: `ModelError.inputType` for another element type; `DeviceError`.
  public func adapt(to data: Tensor) throws {
    guard data.dtype.isInteger else {
      throw ModelError.inputType(layer: "IntegerLookup", expected: "integer ones", found: data.dtype)
    }
    var counts: [Int: Int] = [:]
    for number in try data.scalars(as: Int.self) { counts[number, default: 0] += 1 }
    if let mask = configuration.maskToken { counts[mask] = nil }
    let frequent = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    let most = configuration.maxTokens.map { max($0 - configuration.special, 0) } ?? .max
    configuration.vocabulary = frequent.prefix(most).map(\.key)
    constants.forget()
  }

  public func prepare(inputShape: [Int]) throws {
    if let reason = configuration.fault {
      throw ModelError.invalidConfiguration(layer: "IntegerLookup", reason: reason)
    }
  }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    prepareCall(input)
    let input = input.dtype.isInteger ? input.asIndices() : input
    let unknown = Tensor.full([], Double(configuration.special - 1), dtype: .int32, on: input.device)
    var indices = unknown.broadcast(to: input.shape)
    if !vocabulary.isEmpty {
      let table = constants.tensors(on: input.device, .int32) { configuration.table(on: input.device) }
      let (sorted, places) = (table[0], table[1])
      let place = sorted.searchSorted(input).minimum(Double(vocabulary.count - 1))
      indices = indices.replacing(with: places.rows(at: place), where: sorted.rows(at: place) .== input)
    }
    if let mask = configuration.maskToken { indices = indices.replacing(with: 0, where: input .== Double(mask)) }
    return configuration.mode.encoded(indices, tokens: tokens)
  }

  public var allowsReplay: Bool { true }
}

extension IntegerLookup: ConfigurableLayer {
  /// The configuration of an `IntegerLookup` in a model description. All settings are optional.
  public struct Configuration: Codable, Sendable, LayerSettings {
    /// The known numbers, in the order of their indices; empty by default.
    public var vocabulary: [Int] = []
    /// The maximum number of indices; no limit by default.
    public var maxTokens: Int?
    /// The number with index 0; none by default.
    public var maskToken: Int?
    /// The form of the output; `int` by default.
    public var mode = CategoryMode.int

    static var template: Self { Self() }

    /// The number of indices in front of the vocabulary.
    var special: Int { maskToken == nil ? 1 : 2 }

    var tokens: Int { vocabulary.count + special }

    /// Returns the vocabulary in rising order, and the index of each of its numbers.
    fileprivate func table(on device: Device) -> [Tensor] {
      let order = vocabulary.indices.sorted { vocabulary[$0] < vocabulary[$1] }
      return [order.map { vocabulary[$0] }, order.map { $0 + special }].map { numbers in
        Tensor(numbers.map { Int32(clamping: $0) }, on: device)
      }
    }

    /// The reason why the settings cannot be used.
    var fault: String? {
      if let wide = (vocabulary + [maskToken].compactMap { $0 }).first(where: { Int32(exactly: $0) == nil }) {
        return "\(wide) is not an int32 number"
      }
      if Set(vocabulary + [maskToken].compactMap { $0 }).count != tokens - 1 { return "a number has two indices" }
      if let maxTokens, maxTokens <= special || tokens > maxTokens {
        return "maxTokens is \(maxTokens); there are \(tokens) indices, and at least \(special + 1) are needed"
      }
      return nil
    }
  }
}
