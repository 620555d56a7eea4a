import HostSystem

/// Replaces missing numbers, which are NaN, with a value for each feature (scikit-learn's `SimpleImputer`).
///
/// ```swift
/// let imputer = SimpleImputer(.median, addsIndicator: true)    // [N, C] → [N, 2·C]
/// try imputer.adapt(to: inputs)
/// ```
///
/// The values are state: they are saved with the model and never trained. Until `adapt(to:)` is called or a file is
/// loaded, they are 0. With `addsIndicator`, the output also has a feature for each feature of the input, 1 where it was
/// missing and 0 elsewhere, after all of them. (scikit-learn adds one only for features with missing training data.)
public final class SimpleImputer: Layer {
  /// The replacements, `[C]`.
  public let statistics = Parameter.state(nil, .zeros)
  /// All settings.
  public let configuration: Configuration

  /// Creates an imputation layer for inputs `[N, …, C]`.
  /// - Parameters:
  ///   - imputation: The value in place of missing numbers.
  ///   - addsIndicator: Whether features that tell missing numbers are added.
  public convenience init(_ imputation: Imputation = .mean, addsIndicator: Bool = false) {
    self.init(configuration: Configuration(imputation: imputation, addsIndicator: addsIndicator))
  }

  public init(configuration: Configuration) { self.configuration = configuration }

  /// Sets the replacement of each feature from its numbers; a feature without any gets 0.
  /// - Parameter data: Numbers `[N, …, C]`, NaN where they are missing.
  /// - Throws: `ModelError.inputShape` if the layer was built for a different number of features;
  ///   `ModelError.invalidConfiguration` if there is no axis of features, or a number is infinite; `DeviceError`.
  public func adapt(to data: Tensor) throws {
    guard data.rank >= 2, let features = data.shape.last, features > 0 else {
      throw fault("data of the shape \(data.shape) has no features; it is [N, …, C]")
    }
    if let known = statistics.shape, known != [features] {
      throw ModelError.inputShape(layer: "SimpleImputer", expected: known, found: [features])
    }
    let rows = data.reshaped([data.count / features, features])
    let values = try (0..<features).map { feature in
      let column = DataFrame.Column(
        "\(feature)", numbers: try rows[0..<rows.shape[0], feature].scalars(as: Double.self))
      return try configuration.imputation.value(for: column, of: nil)
    }
    if let feature = values.firstIndex(where: { !Float($0).isFinite }) {
      throw fault("feature \(feature) of the data has infinite numbers")
    }
    let like = statistics.slab?.values
    statistics.assign(Tensor(values.map { Float($0) }, dtype: like?.dtype ?? .float32, on: like?.device ?? .cpu))
  }

  private func fault(_ reason: String) -> ModelError { .invalidConfiguration(layer: "SimpleImputer", reason: reason) }

  public func prepare(inputShape: [Int]) throws {
    guard let features = inputShape.last, features > 0 else {
      throw fault("an example of the shape \(inputShape) has no features")
    }
    if let known = statistics.shape, statistics.slab != nil, known != [features] {
      throw ModelError.inputShape(layer: "SimpleImputer", expected: known, found: inputShape)
    }
    statistics.declare(shape: [features])
  }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    checked {
      let values = statistics.value
      guard input.rank >= 2, input.shape.last == values.count else {
        try ProgrammerError.refuse(
          "SimpleImputer: \(values.count) features on the last axis, but the input has the shape \(input.shape)")
      }
      let isMissing = input.isNaN()
      let filled = input.replacing(with: values, where: isMissing)
      guard configuration.addsIndicator else { return filled }
      return Tensor.concatenated([filled, isMissing.cast(to: input.dtype)], axis: input.rank - 1)
    }
  }

  public var allowsReplay: Bool { true }
}

extension SimpleImputer: ConfigurableLayer {
  /// The configuration of a `SimpleImputer` in a model description. All settings are optional.
  public struct Configuration: Codable, Sendable, LayerSettings {
    /// The value in place of missing numbers: "mean" (the default), "median", "mostFrequent", or a number.
    public var imputation = Imputation.mean
    /// Whether features that tell missing numbers are added; false by default.
    public var addsIndicator = false

    static var template: Self { Self() }
  }
}
