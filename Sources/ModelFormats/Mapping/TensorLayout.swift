import NeuralNetworks

/// What is done to a parameter of a model before it is written to a file of another program, and undone when it is read.
struct TensorLayout {
  enum Step: Sendable {
    /// The axes in reverse order.
    case reversed
    /// Axis `i` in the file is axis `axes[i]` before.
    case permuted([Int])
    case reshaped([Int])
  }

  var steps: [Step] = []
  /// Which part of a tensor in the file it is, of how many along the first axis; nil for all of it.
  var part: (index: Int, count: Int)?

  /// The shape in the file; nil where the steps do not fit.
  func stored(_ shape: [Int]) -> [Int]? {
    guard var stored = shapes(from: shape)?.last else { return nil }
    if let part {
      guard !stored.isEmpty else { return nil }
      stored[0] *= part.count
    }
    return stored
  }

  /// The tensor for the file, or the part of it.
  func stored(_ tensor: Tensor) -> Tensor {
    steps.reduce(tensor) { tensor, step in
      switch step {
      case .reversed: tensor.permuted(tensor.shape.indices.reversed())
      case .permuted(let axes): tensor.permuted(axes)
      case .reshaped(let shape): tensor.reshaped(shape)
      }
    }
  }

  /// True where a tensor of this shape in the file can be turned back without knowing the shape of the parameter.
  func canRestore(_ stored: [Int]) -> Bool {
    if let part, stored.isEmpty || stored[0] % part.count != 0 { return false }
    return steps.allSatisfy { step in
      switch step {
      case .reversed: true
      case .permuted(let axes): axes.count == stored.count
      case .reshaped: false
      }
    }
  }

  /// The parameter from the tensor of a file, whose shape has been checked.
  /// - Parameter shape: that of the parameter, if it has one.
  func restored(_ tensor: Tensor, to shape: [Int]?) -> Tensor {
    let own = part.map { tensor.split(parts: $0.count)[$0.index] } ?? tensor
    let before = shape.flatMap { shapes(from: $0) } ?? []
    return steps.enumerated().reversed().reduce(own) { tensor, step in
      switch step.element {
      case .reversed: tensor.permuted(tensor.shape.indices.reversed())
      case .permuted(let axes): tensor.permuted(axes.indices.map { axis in axes.firstIndex(of: axis) ?? axis })
      case .reshaped: tensor.reshaped(before[step.offset])
      }
    }
  }

  /// The shape before the first step and after each; nil where a step does not fit.
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
