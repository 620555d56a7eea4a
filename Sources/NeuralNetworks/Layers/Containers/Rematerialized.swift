/// Contains layers whose intermediate results are recomputed in the backward pass instead of being stored. This uses
/// less memory and more time (Chen et al. 2016; PyTorch's `checkpoint`).
///
/// ```swift
/// for _ in 0..<24 { Rematerialized { TransformerEncoderBlock(heads: 8, width: 512) } }
/// ```
///
/// Outputs and gradients are the same as without recomputation, including dropout. Running statistics are updated once
/// per step.
public final class Rematerialized: Layer {
  /// The layers, in the order in which they are applied.
  public let layers: [any Layer]
  /// The parameters of the layers, found by the first backward pass.
  private var known: [Parameter]?

  /// Creates the layer from a list of layers.
  /// - Parameter layers: The layers, one per line.
  public convenience init(@LayerBuilder _ layers: () -> [any Layer]) { self.init(layers()) }

  /// Creates the layer from an array of layers.
  public init(_ layers: [any Layer]) { self.layers = layers }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    guard isRecordingGradients, LayerThread.current.trace == nil else { return layers.applied(to: input, context) }
    let parameters = trainedParameters()
    let again = context.repeated()
    let layers = layers
    // The backward pass is not part of the call of the model.
    let thread = LayerThread.current
    let precision = thread.precision
    // Their gradients are float32, whatever the type in which layers compute.
    let values = thread.computingInFloat32 { parameters.map(\.value) }
    return withCustomGradient(of: [input] + values) { inputs in
      layers.applied(to: inputs[0], context)
    } backward: { dy, inputs, _ in
      LayerThread.current.computing(in: precision) {
        Rematerialized.gradients(of: layers, parameters, at: inputs[0], upstream: dy, again.repeated())
      }
    }
  }

  /// Returns the gradients of the input and of each parameter.
  private static func gradients(
    of layers: [any Layer], _ parameters: [Parameter], at input: Tensor, upstream dy: Tensor, _ context: Context
  ) -> [Tensor] {
    var targets: [LeafKey: LeafTarget] = [:]
    for (index, parameter) in parameters.enumerated() {
      targets[LeafKey(parameter)] = LeafTarget(slab: index, offset: 0, count: parameter.count)
    }
    let (_, slabs, inputGradients) = slabGradients(
      targets: targets, slabCounts: parameters.map(\.count), device: input.device,
      dtype: parameters.first?.currentValue?.dtype ?? input.dtype, at: [input]
    ) { inputs in
      (layers.applied(to: inputs[0], context) * dy).sum()
    }
    return inputGradients + zip(slabs, parameters).map { $0.reshaped($1.shape ?? []) }
  }

  private func trainedParameters() -> [Parameter] {
    let all = known ?? parameters.map(\.parameter)
    if known == nil { known = all }
    return all.filter(\.isTrainable)
  }
}

extension Rematerialized: ContainerLayer {
  var settings: NoSettings { NoSettings() }

  convenience init(layers: [any Layer], settings: NoSettings) { self.init(layers) }
}
