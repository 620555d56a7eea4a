import BackendCore

/// The letters of the equation of an `EinsumDense`.
struct EinsumDenseAxes {
  /// Where the input and the result hide axes.
  enum Hidden { case none, leading, trailing }

  let input, weight, output: [Character]
  let hidden: Hidden

  /// Returns nil for an equation that is not of this form.
  init?(_ equation: String) {
    let operands = equation.filter { $0 != " " }.split(separator: ",", omittingEmptySubsequences: false)
    guard operands.count == 2 else { return nil }
    let sides = operands[1].split(separator: "-", omittingEmptySubsequences: false)
    guard sides.count == 2, sides[1].first == ">",
      let input = EinsumDenseAxes.letters(operands[0]), let weight = EinsumDenseAxes.letters(sides[0]),
      let output = EinsumDenseAxes.letters(sides[1].dropFirst()), weight.hidden == .none, input.hidden == output.hidden
    else { return nil }
    (self.input, self.weight, self.output, hidden) = (input.letters, weight.letters, output.letters, input.hidden)
  }

  /// Returns the letters of one tensor; nil for other characters, no letters, and repeated ones.
  private static func letters(_ text: Substring) -> (letters: [Character], hidden: Hidden)? {
    let (leads, trails) = (text.hasPrefix("..."), text.hasSuffix("..."))
    let letters = Array(leads ? text.dropFirst(3) : trails ? text.dropLast(3) : text)
    guard !letters.isEmpty, Set(letters).count == letters.count, letters.allSatisfy({ $0.isASCII && $0.isLetter })
    else { return nil }
    return (letters, leads ? .leading : trails ? .trailing : .none)
  }

  /// The letters of the axes of one example. Leading hidden axes include the batch axis, which has no letter then.
  private func withoutBatch(_ letters: [Character]) -> ArraySlice<Character> {
    letters.dropFirst(hidden == .leading ? 0 : 1)
  }

  /// The letters of the axes of one result.
  var outputOfExample: ArraySlice<Character> { withoutBatch(output) }

  /// Returns the number of hidden axes of an example.
  func hiddenCount(_ inputShape: [Int]) -> Int { inputShape.count - withoutBatch(input).count }

  /// Returns the extent of each letter, without the batch axis.
  /// - Parameters:
  ///   - inputShape: The shape of one example.
  ///   - outputShape: The extents of the axes of one result; -1 for an extent as in the input.
  ///   - fail: Throws an error for the equation with a reason.
  func extents(
    _ inputShape: [Int], _ outputShape: [Int], _ fail: (_ reason: String) throws -> Never
  ) throws -> [Character: Int] {
    if hidden != .leading, output[0] != input[0] || weight.contains(input[0]) {
      try fail("needs the batch axis, \"\(input[0])\", first in the result and not in the weight")
    }
    let hiddenCount = hiddenCount(inputShape)
    if hiddenCount < 0 || (hidden == .none && hiddenCount > 0) {
      try fail("does not have the axes of an example of shape \(inputShape)")
    }
    if max(weight.count, output.count + hiddenCount) >= Shape.maximumRank {
      try fail("asks for \(Shape.maximumRank) or more axes; at most \(Shape.maximumRank - 1) are possible")
    }
    let letters = withoutBatch(input)
    let visible = hidden == .leading ? inputShape.suffix(letters.count) : inputShape.prefix(letters.count)
    var extents = Dictionary(uniqueKeysWithValues: zip(letters, visible))
    if outputShape.count != outputOfExample.count {
      try fail("needs an output shape with an extent for each of \"\(String(outputOfExample))\", not \(outputShape)")
    }
    for (letter, extent) in zip(outputOfExample, outputShape) {
      let known = extents[letter]
      if known == nil && !weight.contains(letter) { try fail("has \"\(letter)\" in the result alone") }
      if extent != known, known == nil ? extent < 1 : extent != -1 {
        let expected = known.map { "\($0), as in the input, or -1" } ?? "at least 1"
        try fail("has an extent of \(extent) for \"\(letter)\", expected \(expected)")
      }
      extents[letter] = known ?? extent
    }
    if let letter = weight.first(where: { extents[$0] == nil }) { try fail("has \"\(letter)\" in the weight alone") }
    return extents
  }
}

/// The shapes of the parameters of an `EinsumDense`.
struct EinsumDenseShapes {
  let weight: [Int]
  let bias: [Int]?
  /// The number of elements of the weight in a sum.
  let summed: Int

  /// Creates the shapes for examples of a shape.
  /// - Throws: The error of `fail`, which gets a reason, and `ModelError` for a result that is too large.
  init(
    _ axes: EinsumDenseAxes, _ configuration: EinsumDense.Configuration, _ inputShape: [Int],
    _ fail: (_ reason: String) throws -> Never
  ) throws {
    let extents = try axes.extents(inputShape, configuration.outputShape, fail)
    let output = axes.outputOfExample
    weight = axes.weight.compactMap { extents[$0] }
    summed =
      SizeLimit.count(axes.weight.filter { !output.contains($0) }.compactMap { extents[$0] }) ?? SizeLimit.tensor
    try WindowSettings.checkSize(layer: "EinsumDense", output.compactMap { extents[$0] })
    guard let biasAxes = configuration.biasAxes else {
      bias = nil
      return
    }
    if biasAxes.isEmpty || !biasAxes.allSatisfy(output.contains) {
      try fail("has no bias along \"\(biasAxes)\", expected some of \"\(String(output))\"")
    }
    let ends = Array(repeating: 1, count: axes.hidden == .trailing ? axes.hiddenCount(inputShape) : 0)
    bias = output.drop { !biasAxes.contains($0) }.map { biasAxes.contains($0) ? extents[$0] ?? 1 : 1 } + ends
  }
}
