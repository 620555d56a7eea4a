import Testing

@testable import NeuralNetworks

/// The settings of `EinsumDense`. `PyTorchVectorTests` compares its results.
@Suite struct EinsumDenseTests {
  private func message(
    _ equation: String, _ outputShape: [Int], bias: String? = nil, for example: [Int] = [3, 4]
  ) -> String {
    do {
      try EinsumDense(equation, outputShape: outputShape, biasAxes: bias).build(inputShape: example)
      return "built"
    } catch {
      return "\(error)"
    }
  }

  @Test func equationsAreChecked() {
    for equation in [
      "", "abc", "abc,cd", "abc,cd-abd", "abc,cd>abd", "abc,cd->", "abc,cd->abd->abd", "abc,,cd->abd", "abb,bd->abd",
      "abc,cc->abc", "abc,c1->ab1", "...bc,cd->abd", "abc,...cd->...abd", "...ab...,bc->...ac...", "..a,ab->..b",
    ] {
      #expect(message(equation, [-1, 2]).contains("\"\(equation)\" is not like \"abc,cd->abd\""), "\(equation)")
    }
    for equation in ["abc,cd->bad", "abc,acd->abd"] {
      #expect(message(equation, [3, 2]).contains("needs the batch axis, \"a\", first in the result"))
    }
    #expect(message("abcd,de->abce", [3, 2]).contains("does not have the axes of an example of shape [3, 4]"))
    #expect(message("ab,bc->ac", [2]).contains("does not have the axes of an example of shape [3, 4]"))
    #expect(message("abc,cd->abd", [2]).contains("an output shape with an extent for each of \"bd\", not [2]"))
    #expect(message("abc,cd->abd", [2, 2]).contains("an extent of 2 for \"b\", expected 3, as in the input, or -1"))
    #expect(message("abc,cd->abd", [-1, -1]).contains("has an extent of -1 for \"d\", expected at least 1"))
    #expect(message("abc,cd->abd", [-1, 0]).contains("has an extent of 0 for \"d\", expected at least 1"))
    #expect(message("abc,c->abd", [-1, 2]).contains("has \"d\" in the result alone"))
    #expect(message("abc,cde->abd", [-1, 2]).contains("has \"e\" in the weight alone"))
    #expect(message("abc,cdefghij->abdefghij", [-1, 1, 1, 1, 1, 1, 1, 1]).contains("asks for 8 or more axes"))
    for axes in ["", "a", "c", "bdx"] {
      #expect(message("abc,cd->abd", [-1, 2], bias: axes).contains("has no bias along \"\(axes)\""), "\(axes)")
    }
  }

  /// Keras' shapes of parameters.
  @Test func parametersHaveTheShapesOfKeras() throws {
    let cases: [(equation: String, output: [Int], bias: String, example: [Int], shapes: [[Int]])] = [
      ("abc,dc->abd", [-1, 2], "d", [3, 4], [[2, 4], [2]]), ("abc,cd->abd", [3, 2], "b", [3, 4], [[4, 2], [3, 1]]),
      ("...x,xy->...y", [2], "y", [3, 5, 4], [[4, 2], [2]]),
      ("ab...,bc->ac...", [2], "c", [3, 4, 5], [[3, 2], [2, 1, 1]]),
      ("abcd,cde->abe", [-1, 6], "be", [3, 4, 5], [[4, 5, 6], [3, 6]]),
    ]
    for (equation, output, bias, example, shapes) in cases {
      let layer = EinsumDense(equation, outputShape: output, biasAxes: bias)
      try layer.build(inputShape: example)
      #expect(layer.parameters.map { $0.parameter.shape } == shapes, "\(equation)")
    }
  }

  /// The bound is 1/√fanIn, where fanIn is the number of products in a sum, wherever its axes are.
  @Test(arguments: [("abc,dce->abde", [400]), ("abcd,edc->abe", [20, 20])])
  func numbersAreDrawnForTheLengthOfSums(_ equation: String, _ axes: [Int]) throws {
    let layer = EinsumDense(equation, outputShape: axes.count == 1 ? [-1, 30, 2] : [-1, 60], biasAxes: "e")
    try layer.build(inputShape: [3] + axes, seed: 1)
    for parameter in [layer.weight, try #require(layer.bias)] {
      let largest = try parameter.value.magnitude().max().item()
      #expect(largest <= 0.05 && (parameter !== layer.weight || largest > 0.0499))
    }
    #expect {
      try layer.build(inputShape: [3] + axes.map { $0 + 1 })
    } throws: {
      "\($0)".contains("asks for a weight of shape")
    }
  }

  @Test(arguments: TestDevices.real) func modelsAreTrainedAndDescribed(_ device: Device) throws {
    let model = Sequential(inputShape: [4, 3]) {
      EinsumDense(
        "abc,cde->abde", outputShape: [-1, 2, 5], biasAxes: "de", activation: .tanh, initializer: .glorotUniform)
      EinsumDense("abde,dec->abc", outputShape: [4, 1], regularizer: .l2(1e-5))
    }
    model.compile(optimizer: .adam(learningRate: 0.05), loss: .meanSquaredError, device: device)
    let x = Tensor.normal([64, 4, 3], using: RandomStream(seed: 1))
    let history = try model.fit(
      TensorDataset(x, x.sum(axis: -1, keepingRank: true).tanh()), epochs: 20, batchSize: 16, verbosity: .silent)
    #expect(try #require(history["loss"].last) < 0.05)
    #expect(model.allowsReplay)
    let again = Sequential(architecture: try Architecture(of: model))
    try again.build(inputShape: [4, 3], on: device, seed: 5)
    try again.restore(model.snapshot())
    #expect(try again(x.moved(to: device), .inference).scalars() == model(x.moved(to: device), .inference).scalars())
  }
}
