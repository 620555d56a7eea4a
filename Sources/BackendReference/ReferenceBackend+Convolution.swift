import BackendCore

/// Convolution and its gradients, as direct formulas.
extension ReferenceBackend {
  public func convolution(
    _ x: BufferSlice, _ w: BufferSlice, bias: BufferSlice?, _ shape: ConvolutionShape, activation: UnaryOp?,
    into y: BufferSlice, preActivation: BufferSlice?
  ) throws {
    try require(.convolution, for: x.dtype)
    let (input, weight, result) = (Elements(x), Elements(w), Elements(y))
    let (bias, before) = (bias.map { Elements($0) }, preActivation.map { Elements($0) })
    let activation = activation.map { UnaryOp($0.kind, rounded($0.a, to: x.dtype), rounded($0.b, to: x.dtype)) }
    for n in 0..<shape.batch {
      for o in 0..<shape.outputChannels {
        for position in 0..<shape.outputPlane {
          var z = bias?[o] ?? 0
          shape.forEachProduct(image: n, output: o, position: position) { z += input[$0] * weight[$1] }
          let index = (n * shape.outputChannels + o) * shape.outputPlane + position
          before?[index] = z
          result[index] = activation.map { value(of: $0.kind, $0.a, $0.b, at: z) } ?? z
        }
      }
    }
  }

  public func convolutionOutputGradient(
    _ dy: BufferSlice, saved: BufferSlice?, activation: UnaryOp?, batch: Int, channels: Int, plane: Int,
    dz: BufferSlice?, dBias: BufferSlice?
  ) throws {
    try require(.convolutionOutputGradient, for: dy.dtype)
    let (gradient, saved) = (Elements(dy), saved.map { Elements($0) })
    let activation = activation.map { UnaryOp($0.kind, rounded($0.a, to: dy.dtype), rounded($0.b, to: dy.dtype)) }
    let (result, biasResult) = (dz.map { Elements($0) }, dBias.map { Elements($0) })
    for channel in 0..<channels {
      var sum = 0.0
      for index in 0..<batch * plane {
        let i = (index / plane * channels + channel) * plane + index % plane
        var z = gradient[i]
        if let activation {
          z = passBack(z, through: activation.kind, activation.a, activation.b, saved: saved?[i] ?? 0)
          result?[i] = z
        }
        sum += z
      }
      biasResult?[channel] = sum
    }
  }

  public func convolutionInputGradient(
    _ dy: BufferSlice, _ w: BufferSlice, _ shape: ConvolutionShape, into dx: BufferSlice
  ) throws {
    try require(.convolutionInputGradient, for: dy.dtype)
    let (gradient, weight) = (Elements(dy), Elements(w))
    var sums = [Double](repeating: 0, count: shape.inputCount)
    shape.forEachOutput { n, o, position, index in
      shape.forEachProduct(image: n, output: o, position: position) { sums[$0] += gradient[index] * weight[$1] }
    }
    let result = Elements(dx)
    for index in sums.indices { result[index] = sums[index] }
  }

  public func convolutionWeightGradient(
    _ x: BufferSlice, _ dy: BufferSlice, _ shape: ConvolutionShape, accumulating: Bool, into dw: BufferSlice
  ) throws {
    try require(.convolutionWeightGradient, for: x.dtype)
    let (input, gradient, result) = (Elements(x), Elements(dy), Elements(dw))
    var sums = [Double](repeating: 0, count: shape.weightCount)
    shape.forEachOutput { n, o, position, index in
      shape.forEachProduct(image: n, output: o, position: position) { sums[$1] += gradient[index] * input[$0] }
    }
    for index in sums.indices { result[index] = accumulating ? result[index] + sums[index] : sums[index] }
  }
}

extension ConvolutionShape {
  /// Calls `body` for each output with its image, channel, position in the plane, and index.
  fileprivate func forEachOutput(_ body: (_ image: Int, _ output: Int, _ position: Int, _ index: Int) -> Void) {
    for n in 0..<batch {
      for o in 0..<outputChannels {
        for position in 0..<outputPlane { body(n, o, position, (n * outputChannels + o) * outputPlane + position) }
      }
    }
  }

  /// Calls `body` with the indices in x and in w of each product of an output, except for those over padding.
  fileprivate func forEachProduct(
    image n: Int, output o: Int, position: Int, _ body: (_ input: Int, _ weight: Int) -> Void
  ) {
    let (i, j) = (position / width.output, position % width.output)
    let channels = inputChannels / groups
    let first = o / (outputChannels / groups) * channels
    for c in 0..<channels {
      for p in 0..<height.kernel {
        guard let row = height.position(output: i, kernel: p) else { continue }
        for q in 0..<width.kernel {
          guard let column = width.position(output: j, kernel: q) else { continue }
          body(
            ((n * inputChannels + first + c) * height.input + row) * width.input + column,
            ((o * channels + c) * height.kernel + p) * width.kernel + q)
        }
      }
    }
  }
}
