import NeuralNetworks

/// The conversion of a parameter between the model and a file of another program: applied when writing, reversed when
/// reading.
struct TensorLayout {
  enum Step: Sendable {
    /// The axes in reverse order.
    case reversed
    /// Axis `i` in the file was axis `axes[i]` before this step.
    case permuted([Int])
    case reshaped([Int])
  }

  var steps: [Step] = []
  /// The part of a tensor in the file, and the number of parts along an axis; nil for the whole tensor.
  var part: (index: Int, count: Int, axis: Int)?

  /// The shape in the file; nil if the steps do not apply to this shape.
  func stored(_ shape: [Int]) -> [Int]? {
    guard var stored = shapes(from: shape)?.last else { return nil }
    if let part {
      guard part.axis < stored.count else { return nil }
      stored[part.axis] *= part.count
    }
    return stored
  }

  /// The tensor for the file, or its part.
  func stored(_ tensor: Tensor) -> Tensor {
    steps.reduce(tensor) { tensor, step in
      switch step {
      case .reversed: tensor.permuted(tensor.shape.indices.reversed())
      case .permuted(let axes): tensor.permuted(axes)
      case .reshaped(let shape): tensor.reshaped(shape)
      }
    }
  }

  /// Whether a tensor of this shape in the file can be converted back without knowledge of the parameter's shape.
  func canRestore(_ stored: [Int]) -> Bool {
    if let part, part.axis >= stored.count || stored[part.axis] % part.count != 0 { return false }
    return steps.allSatisfy { step in
      switch step {
      case .reversed: true
      case .permuted(let axes): axes.count == stored.count
      case .reshaped: false
      }
    }
  }

  /// Converts a tensor from a file, whose shape has been checked, to the parameter.
  /// - Parameter shape: The shape of the parameter, if known.
  func restored(_ tensor: Tensor, to shape: [Int]?) -> Tensor {
    let own = part.map { tensor.split(parts: $0.count, axis: $0.axis)[$0.index] } ?? tensor
    let before = shape.flatMap { shapes(from: $0) } ?? []
    return steps.enumerated().reversed().reduce(own) { tensor, step in
      switch step.element {
      case .reversed: tensor.permuted(tensor.shape.indices.reversed())
      case .permuted(let axes): tensor.permuted(axes.indices.map { axis in axes.firstIndex(of: axis) ?? axis })
      case .reshaped: tensor.reshaped(before[step.offset])
      }
    }
  }

  /// The shape before the first step and after each step; nil if a step does not apply.
  private func shapes(from shape: [Int]) -> [[Int]]? {
    var shapes = [shape]
    for step in steps {
      let last = shapes[shapes.count - 1]
      switch step {
      case .reversed: shapes.append(last.reversed())
      case .permuted(let axes):
        if axes.count != last.count { return nil }
        shapes.append(axes.map { last[$0] })
      case .reshaped(let shape):
        if shape.reduce(1, *) != last.reduce(1, *) { return nil }
        shapes.append(shape)
      }
    }
    return shapes
  }
}
