import BackendCore

extension Tensor {
  /// Returns an Einstein summation: letters name the axes of the operands, and axes named only on the left of the arrow
  /// are multiplied and summed over. Without an arrow, the result has the letters that occur once, in alphabetical
  /// order. "..." stands for further axes, which are broadcast. A letter repeated in one operand selects its diagonal.
  ///
  /// ```swift
  /// Tensor.einsum("ij,jk->ik", a, b)            // matrix product
  /// Tensor.einsum("bhqd,bhkd->bhqk", q, k)      // attention scores
  /// Tensor.einsum("ii->", a)                    // trace
  /// ```
  ///
  /// Operands are contracted in pairs from left to right, and each pair is one batched matrix product.
  public static func einsum(_ equation: String, _ operands: Tensor...) -> Tensor { einsum(equation, operands) }

  /// Returns an Einstein summation of an array of operands.
  public static func einsum(_ equation: String, _ operands: [Tensor]) -> Tensor {
    einsum(EinsumEquation(equation), operands)
  }

  /// Returns an Einstein summation for an equation that was parsed before.
  package static func einsum(_ equation: EinsumEquation, _ operands: [Tensor]) -> Tensor {
    checked {
      let plan = try EinsumPlan(equation, operands.map(\.extents))
      var terms = zip(operands, plan.inputs).map { Term($0, $1, plan) }
      guard var result = terms.first else { try Checks.fail("einsum", "\"\(equation.text)\" has no operands") }
      terms.removeFirst()
      while !terms.isEmpty {
        let next = terms.removeFirst()
        let needed = terms.reduce(Set(plan.output)) { $0.union($1.labels) }
        result = result.contracted(with: next, keeping: needed)
      }
      return result.summed(keeping: Set(plan.output)).arranged(as: plan.output).tensor
    }
  }
}

/// The letters of an equation. Mistakes are reported together with the shapes of the operands, when it is used.
package struct EinsumEquation: Sendable {
  /// The letters of one tensor before and after the dots; nil for text that is not understood.
  fileprivate typealias Part = (text: Substring, letters: Letters?)

  fileprivate struct Letters {
    let before: [Character]
    let hasEllipsis: Bool
    let after: [Character]
  }

  fileprivate let text: String
  fileprivate let operands: [Part]
  /// The letters of the result; nil without an arrow.
  fileprivate let result: Part?
  fileprivate let hasBrokenArrow: Bool

  package init(_ text: String) {
    self.text = text
    let dense = text.filter { $0 != " " }
    let dash = dense.firstIndex(of: "-") ?? dense.endIndex
    let arrow = dense[dash...].prefix(2)
    hasBrokenArrow = !arrow.isEmpty && arrow != "->"
    operands = dense[..<dash].split(separator: ",", omittingEmptySubsequences: false).map { ($0, Self.letters($0)) }
    let right = dense[arrow.endIndex...]
    result = arrow.isEmpty ? nil : (right, Self.letters(right))
  }

  private static func letters(_ part: Substring) -> Letters? {
    let characters = Array(part)
    let dots = characters.firstIndex(of: ".")
    let before = Array(characters[..<(dots ?? characters.count)])
    var after: [Character] = []
    if let dots {
      guard characters.count >= dots + 3, characters[dots..<(dots + 3)] == ["." as Character, ".", "."] else {
        return nil
      }
      after = Array(characters[(dots + 3)...])
    }
    guard (before + after).allSatisfy({ $0.isASCII && $0.isLetter }) else { return nil }
    return Letters(before: before, hasEllipsis: dots != nil, after: after)
  }
}

/// The label of each axis of operands with known shapes. The axes of "..." get separate labels.
private struct EinsumPlan {
  typealias Label = Character
  var inputs: [[Label]]
  var output: [Label]
  /// The extent of each label.
  var extents: [Label: Int] = [:]

  init(_ equation: EinsumEquation, _ shapes: [Shape]) throws {
    func refuse(_ reason: String) throws -> Never {
      try Checks.fail("einsum", "\"\(equation.text)\" with shapes \(shapes): \(reason)")
    }
    func letters(_ part: EinsumEquation.Part) throws -> EinsumEquation.Letters {
      guard let letters = part.letters else { try refuse("\"\(part.text)\" is not understood") }
      return letters
    }
    if equation.hasBrokenArrow { try refuse("the arrow is broken") }
    if equation.operands.count != shapes.count {
      try refuse("\(equation.operands.count) operands are named, \(shapes.count) are given")
    }
    var ellipsis: [Label] = []
    inputs = []
    for (part, shape) in zip(equation.operands, shapes) {
      let letters = try letters(part)
      let hidden = shape.rank - letters.before.count - letters.after.count
      if hidden < 0 || (hidden > 0 && !letters.hasEllipsis) {
        try refuse("\"\(part.text)\" does not name the axes of \(shape)")
      }
      // Hidden axes are aligned at the end, as in broadcasting.
      let labels = (0..<hidden).map { Character(Unicode.Scalar(UInt8(128 + hidden - $0))) }
      if labels.count > ellipsis.count { ellipsis = labels }
      inputs.append(letters.before + labels + letters.after)
    }
    if let right = equation.result {
      let letters = try letters(right)
      output = letters.before + (letters.hasEllipsis ? ellipsis : []) + letters.after
    } else {
      let all = inputs.joined()
      let once = Set(all.filter { label in label.isASCII && all.lazy.filter { $0 == label }.count == 1 })
      output = ellipsis + once.sorted()
    }
    if Set(output).count != output.count { try refuse("the result names an axis twice") }
    for (labels, shape) in zip(inputs, shapes) {
      for (axis, label) in labels.enumerated() {
        let known = extents[label] ?? 1
        if known != 1 && shape[axis] != 1 && known != shape[axis] {
          try refuse("an axis has extents \(known) and \(shape[axis])")
        }
        extents[label] = known == 1 ? shape[axis] : known
      }
    }
    for label in output where extents[label] == nil { try refuse("\"\(label)\" is in the result alone") }
  }
}

/// An operand and the label of each of its axes.
private struct Term {
  typealias Label = Character
  var tensor: Tensor
  var labels: [Label]

  init(tensor: Tensor, labels: [Label]) {
    self.tensor = tensor
    self.labels = labels
  }

  /// Creates a term from an operand. Repeated labels become a diagonal, and axes of extent 1 that others broadcast are
  /// removed.
  init(_ tensor: Tensor, _ labels: [Label], _ plan: EinsumPlan) {
    let dense = Strides(dense: tensor.extents)
    var names: [Label] = []
    var shape: [Int] = []
    var steps: [Int] = []
    for (axis, label) in labels.enumerated() {
      let extent = tensor.extents[axis]
      if extent == 1 && plan.extents[label] != 1 { continue }
      if let position = names.firstIndex(of: label) {
        steps[position] += dense[axis]
      } else {
        names.append(label)
        shape.append(extent)
        steps.append(dense[axis])
      }
    }
    let isWhole = names.count == labels.count
    self.tensor = isWhole ? tensor : tensor.strided(Shape(shape), Strides(steps), offset: 0)
    self.labels = names
  }

  /// Returns the term summed over the axes that are not needed. Sums of short integers are int64; of these, the type of
  /// the term keeps the low bits, like a matrix product.
  func summed(keeping needed: Set<Label>) -> Term {
    let axes = labels.indices.filter { !needed.contains(labels[$0]) }
    if axes.isEmpty { return self }
    var sum = tensor.sum(axes: axes)
    if tensor.dtype.isShortInteger { sum = sum.cast(to: tensor.dtype) }
    return Term(tensor: sum, labels: labels.filter { needed.contains($0) })
  }

  /// Returns the term with its axes in this order.
  func arranged(as order: [Label]) -> Term {
    if labels == order { return self }
    let axes = order.compactMap { labels.firstIndex(of: $0) }
    return Term(tensor: tensor.permuted(axes), labels: order)
  }

  /// Returns the product of two terms, summed over the shared axes that are not needed.
  func contracted(with other: Term, keeping needed: Set<Label>) -> Term {
    let left = summed(keeping: needed.union(other.labels))
    let right = other.summed(keeping: needed.union(left.labels))
    let shared = left.labels.filter { right.labels.contains($0) }
    let batch = shared.filter { needed.contains($0) }
    let inner = shared.filter { !needed.contains($0) }
    let rows = left.labels.filter { !shared.contains($0) }
    let columns = right.labels.filter { !shared.contains($0) }
    let a = left.arranged(as: batch + rows + inner).tensor
    let b = right.arranged(as: batch + inner + columns).tensor
    let extents = Array(a.shape[..<(batch.count + rows.count)]) + Array(b.shape[(batch.count + inner.count)...])
    let m = a.shape[batch.count..<(batch.count + rows.count)].reduce(1, *)
    let k = a.shape[(batch.count + rows.count)...].reduce(1, *)
    let n = b.shape[(batch.count + inner.count)...].reduce(1, *)
    let count = a.shape[..<batch.count].reduce(1, *)
    let product =
      inner.isEmpty
      ? a.reshaped([count, m, 1]) * b.reshaped([count, 1, n])
      : a.reshaped([count, m, k]).matmul(b.reshaped([count, k, n]))
    return Term(tensor: product.reshaped(extents), labels: batch + rows + columns)
  }
}
