/// The possible range of a layer's outputs, if its activation function determines it.
enum OutputRange: Sendable {
  /// Any numbers, or a range other than 0 to 1.
  case numbers
  /// Independent numbers from 0 to 1.
  case shares
  /// From 0 to 1, with a sum of 1 along the last axis.
  case distribution
  /// The logarithms of a distribution.
  case logDistribution

  /// - Parameter function: A built-in function. The range of other functions is unknown.
  init?(_ function: ActivationFunction) {
    guard function.isBuiltIn else { return nil }
    switch function.name {
    case ActivationFunction.sigmoid.name, ActivationFunction.hardSigmoid.name: self = .shares
    case ActivationFunction.softmax.name, ActivationFunction.softmin.name, ActivationFunction.sparsemax.name:
      self = .distribution
    case ActivationFunction.logSoftmax.name: self = .logDistribution
    default: self = .numbers
    }
  }
}

/// The layer that produces an output of a model.
struct LastLayer {
  /// The name of the function or the layer: "softmax", "Dense".
  let name: String
  let range: OutputRange
}

extension Model {
  /// Returns the last layer before an output; nil if unknown.
  func lastLayer(ofOutput index: Int) -> LastLayer? {
    guard let graph = self as? Graph else { return LastLayer.of(network) }
    guard case .layer(let layer) = graph.nodes[graph.outputPositions[index]].source else { return nil }
    return LastLayer.of(layer)
  }

  /// Returns the path and the type of the last layer before an output.
  func nameOfLayer(behindOutput index: Int) -> String {
    var module: any Module = self
    while true {
      switch module {
      case let graph as Graph where graph === self: module = graph.nodes[graph.outputPositions[index]].module ?? self
      case let sequential as Sequential: module = sequential.layers.last ?? self
      default:
        return module === self
          ? displayName : located(module, at: ModuleWalk(self).paths[ObjectIdentifier(module)] ?? "")
      }
      if module === self { return displayName }
    }
  }
}

extension LastLayer {
  private init?(_ function: ActivationFunction, of layer: any Layer) {
    guard let range = OutputRange(function) else { return nil }
    self.init(name: range == .numbers ? "\(type(of: layer))" : function.name, range: range)
  }

  fileprivate static func of(_ layer: any Layer) -> LastLayer? {
    switch layer {
    case let model as Sequential: of(model.layers)
    case is Graph: nil
    case let model as Model: of(model.network)
    case let container as Rematerialized: of(container.layers)
    case let container as TimeDistributed: of(container.layers)
    case let layer as any ActivatedLayer: LastLayer(layer.activation, of: layer)
    case let layer as Activation: LastLayer(layer.function, of: layer)
    default: nil
    }
  }

  /// Returns the last of several layers that affects the output range. A linear activation changes nothing, and
  /// reshaping changes only sums of rows.
  private static func of(_ layers: [any Layer]) -> LastLayer? {
    let last = layers.last { ($0 as? Activation)?.function.isLinear != true }
    return last.flatMap { of($0) }
  }
}
