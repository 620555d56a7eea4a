/// Passes its input to several layers and combines their results.
///
/// ```swift
/// Parallel(joining: .concatenation(axis: 1)) {          // an Inception block
///   Conv2D(64, kernel: 1, activation: .relu)
///   Sequential { Conv2D(96, kernel: 1, activation: .relu); Conv2D(128, kernel: 3, padding: .same) }
/// }
/// ```
public final class Parallel: Layer {
  /// How the results are combined.
  public enum Joining: Sendable, Hashable {
    /// Concatenated along an axis. The batch is axis 0.
    case concatenation(axis: Int)
    /// Added.
    case sum
  }

  /// The branches.
  public let layers: [any Layer]
  /// How the results are combined.
  public let joining: Joining

  /// Creates the layer from its branches.
  /// - Parameters:
  ///   - joining: How the results are combined.
  ///   - layers: The branches, one per line. Use a `Sequential` for several layers.
  public convenience init(
    joining: Joining = .concatenation(axis: -1), @LayerBuilder _ layers: () -> [any Layer]
  ) {
    self.init(layers(), joining: joining)
  }

  /// Creates the layer from an array of layers.
  public init(_ layers: [any Layer], joining: Joining = .concatenation(axis: -1)) {
    self.layers = layers
    self.joining = joining
  }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    let results = layers.map { $0(input, context).inPrecision(with: .current) }
    let merge: any MergeLayer =
      switch joining {
      case .concatenation(let axis): Concatenate(axis: axis)
      case .sum: Add()
      }
    do {
      try merge.prepare(inputShapes: results.map { $0.shape.dropFirst().array })
    } catch {
      return ShapeTrace.refuse(self, "\(error)", instead: input)
    }
    return merge.forward(results, context)
  }
}

extension Parallel: ContainerLayer {
  struct Settings: Codable, Sendable {
    let joining: Joining

    private enum CodingKeys: String, CodingKey, CaseIterable { case joining, axis }

    init(joining: Joining) { self.joining = joining }

    init(from decoder: any Decoder) throws {
      try decoder.refuseUnknownKeys(ContainerDescription.keys + CodingKeys.allCases.map(\.rawValue))
      let container = try decoder.container(keyedBy: CodingKeys.self)
      switch try container.decodeIfPresent(String.self, forKey: .joining) ?? "concatenation" {
      case "concatenation": joining = .concatenation(axis: try container.decodeIfPresent(Int.self, forKey: .axis) ?? -1)
      case "sum": joining = .sum
      case let other:
        throw DecodingError.dataCorruptedError(
          forKey: .joining, in: container, debugDescription: "\"\(other)\" is neither concatenation nor sum")
      }
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      switch joining {
      case .concatenation(let axis):
        try container.encode("concatenation", forKey: .joining)
        try container.encode(axis, forKey: .axis)
      case .sum: try container.encode("sum", forKey: .joining)
      }
    }
  }

  var settings: Settings { Settings(joining: joining) }

  convenience init(layers: [any Layer], settings: Settings) { self.init(layers, joining: settings.joining) }
}
