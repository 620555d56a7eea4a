import BackendCore

/// A merging layer without settings, whose inputs have the same shape.
protocol ElementwiseMerge: MergeLayer, SendableMetatype {
  init()
  /// Returns the output for numbers of one shape; there is at least one input.
  func merged(_ inputs: [Tensor]) -> Tensor
}

/// The built-in elementwise merging layers.
let elementwiseMerges: [any ElementwiseMerge.Type] = [
  Add.self, Subtract.self, Multiply.self, Average.self, Maximum.self, Minimum.self,
]

extension ElementwiseMerge {
  public func prepare(inputShapes: [[Int]]) throws { try inputShapes.checkEqual("\(Self.self)") }

  public func forward(_ inputs: [Tensor], _ context: Context) -> Tensor {
    refusal(of: inputs, ofOneShape: true) ?? merged(inputs)
  }

  public var allowsReplay: Bool { true }
}

/// Adds its inputs, which must have the same shape.
public final class Add: ElementwiseMerge {
  public init() {}

  func merged(_ inputs: [Tensor]) -> Tensor { inputs.dropFirst().reduce(inputs[0], +) }
}

/// Subtracts its second input from its first. They must have the same shape.
public final class Subtract: ElementwiseMerge {
  public init() {}

  public func prepare(inputShapes: [[Int]]) throws {
    guard inputShapes.count == 2 else {
      throw ModelError.invalidConfiguration(
        layer: "Subtract",
        reason: "there are \(inputShapes.count) inputs; the second of two is subtracted from the first")
    }
    try inputShapes.checkEqual("Subtract")
  }

  func merged(_ inputs: [Tensor]) -> Tensor {
    guard inputs.count == 2 else {
      return ShapeTrace.refuse(
        self, "there are \(inputs.count) inputs; the second of two is subtracted from the first", instead: inputs[0])
    }
    return inputs[0] - inputs[1]
  }
}

/// Multiplies its inputs elementwise. They must have the same shape.
public final class Multiply: ElementwiseMerge {
  public init() {}

  func merged(_ inputs: [Tensor]) -> Tensor { inputs.dropFirst().reduce(inputs[0], *) }
}

/// The elementwise mean of its inputs, which must have the same shape. Integers are rounded toward zero.
public final class Average: ElementwiseMerge {
  public init() {}

  func merged(_ inputs: [Tensor]) -> Tensor { inputs.dropFirst().reduce(inputs[0], +) / Double(inputs.count) }
}

/// The elementwise maximum of its inputs, which must have the same shape; NaN if any number is NaN.
public final class Maximum: ElementwiseMerge {
  public init() {}

  func merged(_ inputs: [Tensor]) -> Tensor { inputs.dropFirst().reduce(inputs[0]) { $0.maximum($1) } }
}

/// The elementwise minimum of its inputs, which must have the same shape; NaN if any number is NaN.
public final class Minimum: ElementwiseMerge {
  public init() {}

  func merged(_ inputs: [Tensor]) -> Tensor { inputs.dropFirst().reduce(inputs[0]) { $0.minimum($1) } }
}

/// The products of vectors of two inputs, for each example: sums of products along one axis of each (Keras).
///
/// ```swift
/// Dot()(a, b)                                // [N, C], [N, C] → [N, 1]
/// Dot(axes: [1, 1])(a, b)                    // [N, C, S], [N, C, T] → [N, S, T]
/// Dot(normalizes: true)(a, b)                // cosine similarity
/// ```
///
/// The other axes of the first input come before those of the second. If there are none, the output is `[N, 1]`.
public final class Dot: MergeLayer {
  /// The axis of each input along which products are added. The batch axis is 0, and −1 is the last axis.
  public let axes: [Int]
  /// Whether the vectors are divided by their lengths, so that the output is the cosine similarity.
  public let normalizes: Bool

  /// Creates a layer for products of vectors.
  /// - Parameters:
  ///   - axes: One axis of each input. The batch axis is 0; negative values count from the end.
  ///   - normalizes: Whether the vectors are divided by their lengths, but at least by 1e-12.
  public init(axes: [Int] = [-1, -1], normalizes: Bool = false) { (self.axes, self.normalizes) = (axes, normalizes) }

  public func prepare(inputShapes: [[Int]]) throws {
    if let reason = fault(inputShapes) { throw ModelError.invalidConfiguration(layer: "Dot", reason: reason) }
  }

  public func forward(_ inputs: [Tensor], _ context: Context) -> Tensor {
    if let standIn = refusal(of: inputs, ofOneShape: false) { return standIn }
    if let reason = fault(inputs.map { Array($0.shape.dropFirst()) }) {
      return ShapeTrace.refuse(self, reason, instead: inputs[0])
    }
    let (first, second) = (vectors(inputs[0], axes[0]), vectors(inputs[1], axes[1]))
    let products = first.vectors.matmul(second.vectors, transposingRight: true)
    let others = first.others + second.others
    return products.reshaped([products.shape[0]] + (others.isEmpty ? [1] : others))
  }

  public var allowsReplay: Bool { true }

  /// Returns the vectors of each example as rows, and the extents of the other axes.
  private func vectors(_ input: Tensor, _ axis: Int) -> (vectors: Tensor, others: [Int]) {
    let axis = axis < 0 ? axis + input.rank : axis
    let order = input.shape.indices.filter { $0 != axis } + [axis]
    let moved = input.permuted(order)
    var rows = moved.reshaped([moved.shape[0], moved.shape.dropFirst().dropLast().reduce(1, *), input.shape[axis]])
    if normalizes { rows = rows.unitNormalized(axis: -1) }
    return (rows, Array(moved.shape.dropFirst().dropLast()))
  }

  /// Returns the problem with the shapes of inputs, without the batch axis; nil if there is none.
  private func fault(_ shapes: [[Int]]) -> String? {
    guard shapes.count == 2, axes.count == 2 else {
      return "there are \(shapes.count) inputs and the axes \(axes); two inputs have one axis each"
    }
    var extents: [Int] = []
    for (shape, axis) in zip(shapes, axes) {
      let position = axis < 0 ? axis + shape.count : axis - 1
      guard shape.indices.contains(position) else {
        return "axis \(axis) is none of an example of shape \(shape) (axis 0 is the batch)"
      }
      extents.append(shape[position])
    }
    let rank = shapes[0].count + shapes[1].count - 1
    guard extents[0] == extents[1], rank <= Shape.maximumRank else {
      return "the vectors along the axes \(axes) of \(shapes[0]) and \(shapes[1]) have \(extents[0]) and \(extents[1]) "
        + "numbers, and an output has at most \(Shape.maximumRank) axes"
    }
    return nil
  }
}
