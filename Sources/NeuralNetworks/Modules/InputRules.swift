/// What the elements of a layer's input are.
enum InputElements: Sendable { case floatingPoint, integers }

/// A layer whose input must have elements of one kind: others are refused while shapes are inferred, before an operation
/// sees them.
protocol TypedInputLayer: Layer {
  var inputElements: InputElements { get }
}

extension Dense: TypedInputLayer { var inputElements: InputElements { .floatingPoint } }
extension Conv2D: TypedInputLayer { var inputElements: InputElements { .floatingPoint } }
extension LSTM: TypedInputLayer { var inputElements: InputElements { .floatingPoint } }
extension GRU: TypedInputLayer { var inputElements: InputElements { .floatingPoint } }
extension SimpleRNN: TypedInputLayer { var inputElements: InputElements { .floatingPoint } }
extension Bidirectional: TypedInputLayer { var inputElements: InputElements { .floatingPoint } }
extension SequenceAverage: TypedInputLayer { var inputElements: InputElements { .floatingPoint } }
extension Embedding: TypedInputLayer { var inputElements: InputElements { .integers } }

/// An input of a model that an `Embedding` looks up, and the tokens that it has.
struct TokenRange: Sendable {
  /// The layer, with the path that leads to it.
  let layer: String
  /// The number of the input.
  let input: Int
  let tokens: Int

  /// The first token out of range, and the number of its example; waits for the tensor.
  func stranger(in tensor: Tensor) throws -> (example: Int, value: Int)? {
    guard tensor.dtype == .int32, tensor.count > 0 else { return nil }
    let range = 0..<tokens
    if range.contains(Int(try tensor.min().item())), range.contains(Int(try tensor.max().item())) { return nil }
    let perExample = max(tensor.count / max(tensor.shape.first ?? 1, 1), 1)
    for (index, token) in try tensor.scalars(as: Int32.self).enumerated() where !range.contains(Int(token)) {
      return (index / perExample, Int(token))
    }
    return nil
  }

  /// - Throws: `ModelError.token`; `example` tells what an example is called.
  func check(_ inputs: [Tensor], _ example: (Int) -> Int = { $0 }) throws {
    if let found = try stranger(in: inputs[input]) {
      throw ModelError.token(layer: layer, example: example(found.example), value: found.value, tokens: tokens)
    }
  }
}
