/// Normalizes each feature to mean 0 and standard deviation 1 with stored statistics of the training data:
/// y = (x − μ)/σ. An inverted layer computes the reverse: y = x·σ + μ. Keras' `Normalization`.
///
/// ```swift
/// let scaled = Normalization()                 // [N, C] → [N, C]
/// try scaled.adapt(to: data.train.inputs)      // once, before training
/// let model = Sequential {
///   scaled
///   Dense(16, activation: .relu)
///   Dense(1)
/// }
/// ```
///
/// The statistics are state: they are saved with the model and never trained, so a loaded model accepts raw numbers. At
/// the start of a network, the layer scales the inputs. At the end, an inverted layer converts predictions with mean 0
/// and standard deviation 1 to the unit of the targets. Until `adapt(to:)` is called or a file is loaded, μ is 0 and σ
/// is 1.
///
/// Keras stores the variance. This layer stores the standard deviation, which float32 can represent for any column of
/// float32 numbers.
public final class Normalization: Layer {
  /// μ: `[C]`, or `[1]` if all elements share one mean.
  public let mean = Parameter.state(nil, .zeros)
  /// σ, in the shape of `mean`.
  public let standardDeviation = Parameter.state(nil, .ones)
  /// The axis of the features, with the batch axis as axis 0; negative values count from the end. If nil, all elements
  /// share one mean and one standard deviation.
  public let axis: Int?
  /// Whether the layer converts scaled numbers back to raw numbers.
  public let isInverted: Bool

  /// Creates a normalization layer.
  /// - Parameters:
  ///   - axis: The axis of the features, with the batch axis as axis 0: −1 for tables and sequences, 1 for the channels
  ///     of images. If nil, all elements share one mean and one standard deviation.
  ///   - isInverted: Whether the layer converts scaled numbers back to raw numbers.
  public init(axis: Int? = -1, isInverted: Bool = false) {
    self.axis = axis
    self.isInverted = isInverted
  }

  /// Replaces the statistics with the mean and the standard deviation of the data, over all axes except the feature
  /// axis. A feature with a constant value is only shifted: its standard deviation counts as 1.
  /// - Parameters:
  ///   - data: Raw numbers, with the batch axis first, of any element type.
  ///   - chosen: The features to scale; nil for all. The others keep mean 0 and standard deviation 1, as is usual for
  ///     features that are 0 or 1.
  /// - Throws: `ModelError.inputShape` if the layer was built for a different number of features;
  ///   `ModelError.invalidConfiguration` if the axis does not exist, there are no examples, a number is not finite, or a
  ///   chosen feature does not exist; `DeviceError`.
  public func adapt(to data: Tensor, features chosen: [Int]? = nil) throws {
    let shape = data.shape
    let place = try axis.map { try featureAxis(Array(shape.dropFirst()), $0) }
    guard data.count > 0 else { throw fault("data of shape \(shape) has no numbers to take a mean of") }
    let features = place.map { shape[$0] } ?? 1
    let inner = place.map { shape[($0 + 1)...].reduce(1, *) } ?? 1
    var moments = try FeatureMoments(of: data, features: features, inner: inner)
    if let feature = moments.mean.indices.first(where: { !(moments.mean[$0] + moments.deviation[$0]).isFinite }) {
      throw fault("feature \(feature) of the data has numbers that are not finite")
    }
    if let chosen {
      if let bad = chosen.first(where: { !(0..<features).contains($0) }) {
        throw fault("there is no feature \(bad) among \(features)")
      }
      moments.keep(chosen)
    }
    try store(mean, moments.mean, shape)
    try store(standardDeviation, moments.deviation, shape)
  }

  private func store(_ parameter: Parameter, _ values: [Double], _ found: [Int]) throws {
    if let known = parameter.shape, known != [values.count] {
      throw ModelError.inputShape(
        layer: "Normalization", expected: expected(known[0], Array(found.dropFirst())), found: Array(found.dropFirst()))
    }
    let like = parameter.slab?.values
    parameter.assign(Tensor(values.map { Float($0) }, dtype: like?.dtype ?? .float32, on: like?.device ?? .cpu))
  }

  public func prepare(inputShape: [Int]) throws {
    var features = 1
    if let axis {
      features = inputShape[try featureAxis(inputShape, axis) - 1]
      if let known = mean.shape, mean.slab != nil, known != [features] {
        throw ModelError.inputShape(layer: "Normalization", expected: expected(known[0], inputShape), found: inputShape)
      }
    }
    mean.declare(shape: [features])
    standardDeviation.declare(shape: [features])
  }

  /// Returns the expected shape of an input, without the batch axis.
  private func expected(_ features: Int, _ inputShape: [Int]) -> [Int] {
    var shape = inputShape
    if let axis, let place = try? featureAxis(inputShape, axis) { shape[place - 1] = features }
    return shape
  }

  /// Returns the axis of the features, counted from the batch axis; at least 1.
  private func featureAxis(_ inputShape: [Int], _ axis: Int) throws -> Int {
    let place = axis < 0 ? inputShape.count + 1 + axis : axis
    guard (1...max(inputShape.count, 1)).contains(place), !inputShape.isEmpty else {
      throw fault("an example of shape \(inputShape) has no axis \(axis) of features; the batch axis is 0")
    }
    return place
  }

  private func fault(_ reason: String) -> ModelError { .invalidConfiguration(layer: "Normalization", reason: reason) }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    checked {
      var (mean, deviation) = (mean.value, standardDeviation.value)
      if let axis {
        let place = axis < 0 ? input.rank + axis : axis
        guard place >= 1, place < input.rank, input.shape[place] == mean.count else {
          try ProgrammerError.refuse(
            "Normalization: \(mean.count) features on axis \(axis), but the input has the shape \(input.shape)")
        }
        let shape = [mean.count] + [Int](repeating: 1, count: input.rank - 1 - place)
        if shape.count > 1 { (mean, deviation) = (mean.reshaped(shape), deviation.reshaped(shape)) }
      }
      return isInverted ? input * deviation + mean : (input - mean) / deviation
    }
  }

  public var allowsReplay: Bool { true }
}

/// The mean and the standard deviation of each feature of a tensor, computed in two passes over parts of it.
/// (Converting the whole tensor to numbers on the host would take three times its memory.)
private struct FeatureMoments {
  private(set) var mean: [Double]
  private(set) var deviation: [Double]

  /// The number of elements per part.
  private static let partCount = 1 << 18

  /// Computes the statistics of a tensor.
  /// - Parameters:
  ///   - features: The extent of the axis of the features.
  ///   - inner: The product of the extents after this axis.
  init(of data: Tensor, features: Int, inner: Int) throws {
    let count = Double(data.count / features)
    func means(_ term: (_ feature: Int, _ value: Double) -> Double) throws -> [Double] {
      var sums = [Double](repeating: 0, count: features)
      try FeatureMoments.visit(data, features, inner) { sums[$0] += term($0, $1) }
      return sums.map { $0 / count }
    }
    // Differences from the first value, because they are exactly 0 if all values are equal.
    var first = [Double?](repeating: nil, count: features)
    try FeatureMoments.visit(data, features, inner, upTo: features * inner) { first[$0] = first[$0] ?? $1 }
    let origin = first.map { $0 ?? .nan }
    let distance = try means { $1 - origin[$0] }
    mean = zip(origin, distance).map { $0 + $1 }
    deviation = try means { feature, value in
      let centered = value - origin[feature] - distance[feature]
      return centered * centered
    }.map { Float($0.squareRoot()) == 0 ? 1 : $0.squareRoot() }
  }

  /// Gives all features except the chosen ones mean 0 and standard deviation 1.
  mutating func keep(_ chosen: [Int]) {
    let kept = Set(chosen)
    for feature in mean.indices where !kept.contains(feature) { (mean[feature], deviation[feature]) = (0, 1) }
  }

  /// Calls `body` with the first numbers in row-major order and their features.
  private static func visit(
    _ data: Tensor, _ features: Int, _ inner: Int, upTo end: Int? = nil,
    _ body: (_ feature: Int, _ value: Double) -> Void
  ) throws {
    let (flat, end) = (data.reshaped([data.count]), end ?? data.count)
    var (feature, left) = (0, inner)
    for start in stride(from: 0, to: end, by: partCount) {
      for value in try flat[start..<min(start + partCount, end)].scalars(as: Double.self) {
        body(feature, value)
        left -= 1
        if left == 0 { (feature, left) = (feature + 1 == features ? 0 : feature + 1, inner) }
      }
    }
  }
}

extension Normalization: ConfigurableLayer {
  /// The configuration of a `Normalization` in a model description. All settings are optional. An axis of `null` means
  /// nil.
  public struct Configuration: Codable, Sendable, LayerSettings {
    /// The axis of the features, with the batch axis as axis 0; the last axis by default. If nil, all elements share
    /// one mean and one standard deviation.
    public var axis: Int? = -1
    /// Whether the layer converts scaled numbers back to raw numbers; false by default.
    public var isInverted = false

    static var template: Self { Self() }

    private enum CodingKeys: CodingKey { case axis, isInverted }

    /// Encodes what differs from the defaults, and an axis of nil as `null`.
    public func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      if axis != -1 { try container.encode(axis, forKey: .axis) }
      if isInverted { try container.encode(isInverted, forKey: .isInverted) }
    }
  }

  public var configuration: Configuration { Configuration(axis: axis, isInverted: isInverted) }

  public convenience init(configuration: Configuration) {
    self.init(axis: configuration.axis, isInverted: configuration.isInverted)
  }
}

extension Normalization.Configuration {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    axis = container.contains(.axis) ? try container.decodeIfPresent(Int.self, forKey: .axis) : -1
    isInverted = try container.decodeIfPresent(Bool.self, forKey: .isInverted) ?? false
  }
}
