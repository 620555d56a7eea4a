import BackendCore

/// Convolution and its two gradients, with strides, paddings, dilations, groups, and odd extents.
extension ConformanceRunner {
  func examineConvolution() {
    let random = (0..<40).map { _ in ConvolutionShape.random(&numbers) }
    for shape in ConvolutionShape.examined + ConvolutionShape.sparse + random {
      for terms in Terms.allCases {
        examineConvolution(shape, terms)
        examineInputGradient(shape, terms)
        for accumulating in [false, true] { examineWeightGradient(shape, terms, accumulating: accumulating) }
      }
    }
    for (batch, channels, plane) in [(2, 3, 35), (1, 1, 1), (5, 33, 4), (3, 2, 700), (0, 2, 3)] {
      // Without an activation, and with activations whose derivatives use their result or their argument.
      for activation in [nil, UnaryOp.relu, UnaryOp(.gelu)] {
        examineOutputGradient(activation, batch, channels, plane)
      }
    }
  }

  private func examineOutputGradient(_ activation: UnaryOp?, _ batch: Int, _ channels: Int, _ plane: Int) {
    let count = batch * channels * plane
    let dy = numbers.floats(count)
    let savedValues = numbers.floats(count)
    let name = "convolutionOutputGradient \(activation.map { "\($0.kind)" } ?? "without activation") float32"
    let bound = Tolerance.mixed(ulps: 16, absolute: 16 + 4 * Double(batch * plane).squareRoot())
    for place in GradientPlace.allCases where activation != nil || place == .elsewhere {
      for wantsBias in [true, false] where wantsBias || activation != nil && place != .unwanted {
        let details = "[\(batch), \(channels), \(plane)], dz \(place)\(wantsBias ? ", bias" : "")"
        examine(name, details, isFused: true) { testCase in
          let gradient =
            place == .intoGradient
            ? testCase.updated(dy, offset: 2, within: bound, name: "dz") : testCase.input(dy, offset: 2)
          let saved = activation == nil ? nil : testCase.input(savedValues, offset: 3)
          let dz = place == .elsewhere && activation != nil ? testCase.output(count, within: bound, name: "dz") : nil
          let dBias = wantsBias ? testCase.output(channels, offset: 1, within: bound, name: "dBias") : nil
          return { backend, s in
            try backend.convolutionOutputGradient(
              s[gradient], saved: s[ifGiven: saved], activation: activation, batch: batch, channels: channels,
              plane: plane, dz: place == .intoGradient ? s[gradient] : s[ifGiven: dz], dBias: s[ifGiven: dBias])
          }
        }
      }
    }
  }

  private func examineConvolution(_ shape: ConvolutionShape, _ terms: Terms) {
    let x = terms.values(shape.inputCount, &numbers)
    let w = terms.values(shape.weightCount, &numbers)
    let bias = terms.values(shape.outputChannels, &numbers)
    // Without an activation, and with activations whose derivatives use their result or their argument.
    for (activation, hasBias) in [(nil, false), (UnaryOp.relu, true), (UnaryOp(.gelu), true)] as [(UnaryOp?, Bool)] {
      // Activations other than relu are not exact on integers.
      if terms == .whole && activation?.kind == .gelu { continue }
      let name = "convolution \(activation.map { "\($0.kind)" } ?? "without activation or bias") float32"
      examine(name, "\(shape), \(terms) numbers", isFused: true) { testCase in
        let input = testCase.input(x, offset: 3)
        let weight = testCase.input(w, offset: 5)
        let shift = hasBias ? testCase.input(bias, offset: 2) : nil
        let tolerance = terms.tolerance(length: shape.depth + 64)
        let y = testCase.output(shape.outputCount, offset: 1, within: tolerance)
        let before =
          activation?.kind == .gelu
          ? testCase.output(shape.outputCount, offset: 4, within: tolerance, name: "preActivation") : nil
        return { backend, s in
          try backend.convolution(
            s[input], s[weight], bias: s[ifGiven: shift], shape, activation: s.isMagnitude ? nil : activation,
            into: s[y], preActivation: s[ifGiven: before])
        }
      }
    }
  }

  private func examineInputGradient(_ shape: ConvolutionShape, _ terms: Terms) {
    let dy = terms.values(shape.outputCount, &numbers)
    let w = terms.values(shape.weightCount, &numbers)
    let length = shape.outputChannels / shape.groups * shape.window
    examine("convolutionInputGradient float32", "\(shape), \(terms) numbers", isFused: true) { testCase in
      let gradient = testCase.input(dy, offset: 3)
      let weight = testCase.input(w, offset: 5)
      let dx = testCase.output(shape.inputCount, offset: 1, within: terms.tolerance(length: length))
      return { backend, s in try backend.convolutionInputGradient(s[gradient], s[weight], shape, into: s[dx]) }
    }
  }

  private func examineWeightGradient(_ shape: ConvolutionShape, _ terms: Terms, accumulating: Bool) {
    let x = terms.values(shape.inputCount, &numbers)
    let dy = terms.values(shape.outputCount, &numbers)
    let before = terms.values(shape.weightCount, &numbers)
    let name = "convolutionWeightGradient \(accumulating ? "accumulating " : "")float32"
    examine(name, "\(shape), \(terms) numbers", isFused: true) { testCase in
      let input = testCase.input(x, offset: 3)
      let gradient = testCase.input(dy, offset: 2)
      let tolerance = terms.tolerance(length: shape.batch * shape.outputPlane + 1)
      let dw =
        accumulating
        ? testCase.updated(before, offset: 1, within: tolerance)
        : testCase.output(shape.weightCount, offset: 1, within: tolerance)
      return { backend, s in
        try backend.convolutionWeightGradient(s[input], s[gradient], shape, accumulating: accumulating, into: s[dw])
      }
    }
  }
}

extension WindowAxis {
  /// An axis with the maximum number of outputs.
  static func examined(
    _ input: Int, _ kernel: Int, stride: Int = 1, dilation: Int = 1, padding: Int = 0, after: Int? = nil
  ) -> WindowAxis {
    let room = input + padding + (after ?? padding) - (kernel - 1) * dilation - 1
    return WindowAxis(
      input: input, output: room < 0 ? 0 : room / stride + 1, kernel: kernel, stride: stride, dilation: dilation,
      padding: padding)
  }
}

extension ConvolutionShape {
  /// The examined shapes.
  static let examined: [ConvolutionShape] = [
    // One of everything, and a matrix product.
    of(1, 1, 1, 1, .examined(1, 1), .examined(1, 1)), of(2, 5, 7, 1, .examined(3, 1), .examined(4, 1)),
    // 3x3, as in typical networks: no padding, with as many outputs as inputs, and with two outputs for every four
    // inputs.
    of(2, 3, 4, 1, .examined(7, 3), .examined(9, 3)),
    of(3, 2, 33, 1, .examined(8, 3, padding: 1), .examined(31, 3, padding: 1)),
    of(2, 3, 5, 1, .examined(9, 3, stride: 2, padding: 1), .examined(10, 3, stride: 2, padding: 1)),
    of(1, 17, 16, 1, .examined(6, 3, padding: 1), .examined(18, 3, padding: 1)),
    // More outputs and channels than work groups have rows, and enough positions that sums over them may be divided.
    of(1, 3, 130, 1, .examined(6, 3, padding: 1), .examined(7, 3, padding: 1)),
    of(1, 130, 4, 1, .examined(4, 3, padding: 1), .examined(5, 3, padding: 1)),
    of(3, 4, 6, 2, .examined(20, 3, padding: 1), .examined(21, 3, padding: 1)),
    // Axes that differ in every respect, with outputs that leave part of the input unused.
    of(2, 4, 6, 2, .examined(11, 2, stride: 3, padding: 1, after: 0), .examined(13, 4, dilation: 2, padding: 3)),
    of(1, 2, 2, 1, .examined(5, 5, stride: 4, padding: 4), .examined(6, 1, stride: 5)),
    // Depthwise, with one and two outputs per channel.
    of(2, 5, 5, 5, .examined(6, 3, padding: 1), .examined(7, 3, padding: 1)),
    of(1, 3, 6, 3, .examined(9, 3, stride: 2, dilation: 2, padding: 2), .examined(5, 3, padding: 1)),
    // One dimension, and a window as large as its input.
    of(3, 4, 8, 1, .examined(1, 1), .examined(35, 5, padding: 2)),
    of(2, 3, 9, 1, .examined(5, 5), .examined(4, 4)),
    // Empty shapes: no images, no outputs.
    of(0, 2, 3, 1, .examined(4, 3), .examined(4, 3)), of(1, 2, 3, 1, .examined(2, 3), .examined(4, 3)),
  ]

  /// Rows of positions that are several elements apart. The last group of lanes starts and ends in one row of the
  /// image, at the same distance as adjacent positions, although it has fewer positions.
  static let sparse: [ConvolutionShape] = [4, 8, 16, 32].flatMap { lanes in
    (2..<lanes).filter { (lanes - 1) % $0 == 0 }.flatMap { stride in
      let positions = lanes + (lanes - 1) / stride + 1
      let width = WindowAxis.examined((positions - 1) * stride + 2, 2, stride: stride)
      return [of(1, 2, 3, 1, .examined(1, 1), width), of(1, 2, 3, 1, .examined(5, 2, stride: stride), width)]
    }
  }

  /// Strides, dilations, and paddings of every size, and rows at the boundaries of vectors and tiles.
  static func random(_ numbers: inout Numbers) -> ConvolutionShape {
    while true {
      let groups = numbers.choice(of: [1, 1, 1, 2, 3])
      let shape = of(
        numbers.integer(in: 1...3), groups * numbers.integer(in: 1...4), groups * numbers.integer(in: 1...9), groups,
        numbers.windowAxis(outputs: 5), numbers.windowAxis(outputs: 70))
      if shape.inputCount <= 8000 && shape.outputCount * shape.depth <= 200_000 { return shape }
    }
  }

  private static func of(
    _ batch: Int, _ inputs: Int, _ outputs: Int, _ groups: Int, _ height: WindowAxis, _ width: WindowAxis
  ) -> ConvolutionShape {
    ConvolutionShape(
      batch: batch, inputChannels: inputs, outputChannels: outputs, groups: groups, height: height, width: width)
  }
}
