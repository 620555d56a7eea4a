/// Runs custom layers in training mode without computing numbers, because they may behave differently than in
/// inference, or fail.
enum TrainingTrace {
  /// A batch size that most layers can divide: a multiple of 1 to 10 and of powers of two up to 128.
  private static let divisibleCount = 40_320

  /// Returns whether a module contains a custom module.
  static func isNeeded(for module: any Module) -> Bool {
    ModuleWalk(module).modules.contains { !isBuiltIn(type(of: $0.module)) }
  }

  private static func isBuiltIn(_ type: any Module.Type) -> Bool {
    String(reflecting: type).hasPrefix("NeuralNetworks.")
  }

  /// Rejects a layer that runs in inference but fails in training mode for any batch. It may need more than one
  /// example, or a divisible number of examples.
  static func checkBuilding(
    _ layer: any Layer, inputShapes: [[Int]], dtypes: [DType]?,
    _ body: (_ inputs: [Tensor], _ context: Context) -> [Tensor]
  ) throws {
    guard LayerThread.current.trace == nil, isNeeded(for: layer) else { return }
    func run(_ examples: Int) throws {
      let trace = ShapeTrace(layer, examples: examples, isTraining: true)
      let context = trace.context
      try namingMode {
        do {
          _ = try trace.run(inputShapes: inputShapes, dtypes: dtypes, of: "\(type(of: layer))") { body($0, context) }
        } catch {
          if !trace.readsNumbers { throw error }
        }
      }
    }
    do { try run(1) } catch {
      if (try? run(divisibleCount)) == nil { throw error }
    }
  }

  /// Rejects a model that fails in training mode, or whose output shapes differ from inference.
  /// - Parameter outputs: The shapes of the outputs in inference.
  static func check(
    _ model: Model, inputShapes: [[Int]], dtypes: [DType], examples: Int, outputs: [[Int]]
  ) throws {
    try namingMode {
      let trace = ShapeTrace(model, examples: examples, isTraining: true)
      let context = trace.context
      let result = Result {
        try trace.runKeepingBatch(inputShapes: inputShapes, dtypes: dtypes, of: model.displayName) {
          model.passed($0, context)
        }
      }
      if trace.readsNumbers { return }
      let found = try result.get()
      if found == outputs { return }
      let plain = ShapeTrace(model, examples: examples)
      try plain.run(inputShapes: inputShapes, dtypes: dtypes, of: model.displayName) { model.passed($0, .inference) }
      let differing = zip(trace.calls, plain.calls).filter {
        $0.module === $1.module && $0.outputShape != $1.outputShape
      }
      // The innermost layer causes the difference.
      let call = differing.max { $0.0.depth < $1.0.depth }
      let shapes = call.map { ([$0.outputShape ?? []], [$1.outputShape ?? []]) } ?? (found, outputs)
      throw ModelError.invalidConfiguration(
        layer: call.map { located($0.0.module, at: trace.path(of: $0.0.module)) } ?? model.displayName,
        reason:
          "the output has the shape \(text(shapes.0)), and in inference \(text(shapes.1)) (without the batch axis)"
      )
    }
  }

  private static func text(_ shapes: [[Int]]) -> String { shapes.map { "\($0)" }.joined(separator: ", ") }

  private static func namingMode<Value>(_ body: () throws -> Value) throws -> Value {
    do { return try body() } catch ModelError.invalidConfiguration(let layer, let reason) {
      throw ModelError.invalidConfiguration(layer: layer, reason: "in training mode: \(reason)")
    }
  }
}

extension ShapeTrace {
  /// Returns whether a value is not assigned during shape inference, because it has no numbers or belongs to a training
  /// step that does not take place.
  func leavesValue(_ value: Tensor) -> Bool { isTraining || value.device.isShapeOnly }
}
