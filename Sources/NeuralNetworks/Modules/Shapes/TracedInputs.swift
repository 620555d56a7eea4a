/// The result of shape inference, and the inputs for which it is valid.
struct TracedInputs {
  private var shapes: [[Int]] = []
  private var dtypes: [DType] = []
  private var examples = 0
  /// The output shapes without the batch axis.
  private(set) var outputs: [[Int]] = []
  private(set) var outputDTypes: [DType] = []
  /// The inputs that embeddings look up.
  private(set) var tokenRanges: [TokenRange] = []
  /// Whether an embedding looks up numbers that are computed from the inputs.
  private(set) var hasComputedTokens = false

  /// Creates an empty result, for a model that has not run.
  init() {}

  /// Creates a record of inputs without results.
  init(shapes: [[Int]], dtypes: [DType], examples: Int) {
    (self.shapes, self.dtypes, self.examples) = (shapes, dtypes, examples)
  }

  init(_ trace: ShapeTrace, shapes: [[Int]], dtypes: [DType], examples: Int, outputs: [[Int]]) {
    (self.shapes, self.dtypes, self.examples, self.outputs) = (shapes, dtypes, examples, outputs)
    outputDTypes = trace.outputDTypes
    (tokenRanges, hasComputedTokens) = (trace.tokenRanges, trace.hasComputedTokens)
  }

  /// Returns whether the result is valid for inputs of these shapes and element types, in batches of exactly `examples`
  /// examples.
  func fit(_ inputs: [Tensor], exactly examples: Int) -> Bool {
    examples == self.examples && fit(inputs, examples: examples)
  }

  /// Returns whether the result is valid for inputs of these shapes and element types, in batches of at most as many
  /// examples.
  func fit(_ inputs: [Tensor], examples: Int) -> Bool {
    examples <= self.examples && inputs.count == shapes.count && inputs.count == dtypes.count
      && inputs.indices.allSatisfy { index in
        inputs[index].dtype == dtypes[index] && inputs[index].shape.dropFirst() == shapes[index][...]
      }
  }
}
