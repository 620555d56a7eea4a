/// Two recurrent layers over one sequence, one from its start and one from its end, with concatenated outputs:
/// `[N, steps, features]` → `[N, 2·units]`, or `[N, steps, 2·units]` if they return sequences.
///
/// ```swift
/// Bidirectional(LSTM(64))                                       // [N, 40, 32] → [N, 128]
/// Bidirectional(GRU(64, returnsSequence: true, masksZeros: true))
/// ```
///
/// See Schuster and Paliwal 1997. The order matches PyTorch and Keras: forward, then backward. Both directions skip
/// padding.
public final class Bidirectional: ConfigurableLayer {
  /// The layer that starts at the first step, and the layer that starts at the last step.
  public let forwards, backwards: any RecurrentLayer

  /// Creates the layer from two new recurrent layers.
  /// - Parameter make: Creates a new layer on each call.
  public init<Recurrent: RecurrentLayer>(_ make: () -> Recurrent) {
    (forwards, backwards) = (make(), make())
    if forwards === backwards {
      ProgrammerError.end("Bidirectional: the closure makes a new layer each time it is called")
    }
  }

  /// Creates the layer from a recurrent layer and a second layer with the same configuration.
  /// - Parameter layer: The layer that starts at the first step. The second layer starts at the last step.
  public init<Recurrent: RecurrentLayer>(_ layer: Recurrent) {
    (forwards, backwards) = (layer, Recurrent(configuration: layer.configuration))
  }

  public func prepare(inputShape: [Int]) throws {
    try forwards.prepare(inputShape: inputShape)
    try backwards.prepare(inputShape: inputShape)
  }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    let mask = forwards.masksZeros ? input.stepsWithNumbers() : nil
    return outputs(input, mask: mask)
  }

  /// Returns the output for a bool mask `[N, steps]` that is false for padding.
  public func callAsFunction(_ input: Tensor, mask: Tensor, _ context: Context) -> Tensor {
    if let trace = LayerThread.current.trace {
      if let fault = RecurrentCore.fault(input, mask: mask, states: [], units: forwards.units) {
        return ShapeTrace.refuse(self, fault, instead: input)
      }
      return trace.call(self, input, context)
    }
    return called(with: input) { outputs(input, mask: mask) }
  }

  private func outputs(_ input: Tensor, mask: Tensor?) -> Tensor {
    Tensor.concatenated(
      [
        forwards.outputs(input, mask: mask, isReversed: false), backwards.outputs(input, mask: mask, isReversed: true),
      ], axis: -1)
  }

  public var allowsReplay: Bool { forwards.allowsReplay && backwards.allowsReplay }

  /// The configuration of a `Bidirectional` in a model description: the layer that it contains.
  public struct Configuration: Codable, Sendable {
    let layer: LayerDescription

    private enum CodingKeys: String, CodingKey { case recurrent }

    init(_ layer: any RecurrentLayer) { self.layer = LayerDescription(describing: layer) }

    public init(from decoder: any Decoder) throws {
      try decoder.refuseUnknownKeys(["layer", CodingKeys.recurrent.rawValue])
      let container = try decoder.container(keyedBy: CodingKeys.self)
      layer = try container.decode(LayerDescription.self, forKey: .recurrent)
      guard layer.makeLayer() is any RecurrentLayer else {
        throw DecodingError.dataCorruptedError(
          forKey: .recurrent, in: container, debugDescription: "the layer is no recurrent one")
      }
    }

    public func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(layer, forKey: .recurrent)
    }

    func makeLayer() -> any RecurrentLayer {
      guard let layer = layer.makeLayer() as? any RecurrentLayer else { fatalError("a layer that is no recurrent one") }
      return layer
    }
  }

  public var configuration: Configuration { Configuration(forwards) }

  public init(configuration: Configuration) {
    (forwards, backwards) = (configuration.makeLayer(), configuration.makeLayer())
  }
}
