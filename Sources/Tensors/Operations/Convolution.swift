import BackendCore

/// The positions of windows over images: everything that a convolution or pooling needs in addition to the tensors.
/// Each setting has one number per axis, height and width.
package struct WindowGeometry: Sendable, Equatable {
  package var kernel, stride, dilation: (height: Int, width: Int)
  /// The number of positions before and after the image.
  package var padding: (top: Int, bottom: Int, left: Int, right: Int)

  package init(
    kernel: (height: Int, width: Int), stride: (height: Int, width: Int) = (1, 1),
    dilation: (height: Int, width: Int) = (1, 1),
    padding: (top: Int, bottom: Int, left: Int, right: Int) = (0, 0, 0, 0)
  ) {
    self.kernel = kernel
    self.stride = stride
    self.dilation = dilation
    self.padding = padding
  }

  package static func == (a: WindowGeometry, b: WindowGeometry) -> Bool {
    a.kernel == b.kernel && a.stride == b.stride && a.dilation == b.dilation && a.padding == b.padding
  }

  /// Returns the axes of windows over images of this size, with as many outputs as windows fit.
  func axes(_ operation: StaticString, height: Int, width: Int, _ extents: Shape) throws -> (WindowAxis, WindowAxis) {
    try check(operation, extents)
    let axes = (
      axis(height, kernel.height, stride.height, dilation.height, padding.top, padding.bottom),
      axis(width, kernel.width, stride.width, dilation.width, padding.left, padding.right)
    )
    if axes.0.output < 1 || axes.1.output < 1 {
      try Checks.fail(
        operation,
        "a window of \(kernel.height)x\(kernel.width) is larger than the images of shape \(extents) with their padding",
        hint: "pad more, or use a smaller window or dilation")
    }
    return axes
  }

  /// Rejects numbers that are too small, and those so large that their products could overflow.
  private func check(_ operation: StaticString, _ extents: Shape) throws {
    let numbers = [kernel.height, kernel.width, stride.height, stride.width, dilation.height, dilation.width]
    if numbers.contains(where: { $0 < 1 }) {
      try Checks.fail(operation, "windows, strides and dilations of \(numbers) for \(extents); each is at least 1")
    }
    let edges = [padding.top, padding.bottom, padding.left, padding.right]
    if (numbers + edges).contains(where: { $0 > Int32.max }) || extents.axes.contains(where: { extents[$0] > 1 << 60 })
    {
      try Checks.fail(
        operation, "windows, strides, dilations and padding of \(numbers + edges) for \(extents) cannot be counted")
    }
  }

  private func axis(
    _ input: Int, _ kernel: Int, _ stride: Int, _ dilation: Int, _ before: Int, _ after: Int
  ) -> WindowAxis {
    let room = input + before + after - (kernel - 1) * dilation - 1
    return WindowAxis(
      input: input, output: room < 0 ? 0 : room / stride + 1, kernel: kernel, stride: stride, dilation: dilation,
      padding: before)
  }
}

extension Tensor {
  /// Returns activation(cross-correlation + bias): x `[N, C, H, W]`, weight `[O, C/groups, kH, kW]`, bias `[O]`, y
  /// `[N, O, H′, W′]`.
  package func convolution(
    _ weight: Tensor, bias: Tensor?, _ geometry: WindowGeometry, groups: Int = 1, activation: UnaryOp? = nil
  ) -> Tensor {
    checked {
      let shape = try convolutionShape(weight, bias, geometry, groups: groups)
      let recording = Tape.recording(node, weight.node, bias?.node ?? .constant)
      let hasRule = activation.map { $0.gradientSource != .neither } ?? true
      if let recording, bias != nil || activation != nil, recording.isNested || !hasRule {
        return composedConvolution(weight, bias, geometry, groups, activation)
      }
      let result: Shape = [shape.batch, shape.outputChannels, shape.height.output, shape.width.output]
      try Checks.countable("convolution", result)
      let device = try Checks.sameDevice("convolution", self, weight)
      var preActivation: Tensor?
      if recording != nil && activation?.gradientSource == .input {
        preActivation = Tensor.uninitialized(result, dtype, on: device)
      }
      var y = Tensor.launch(self, weight, result, dtype, on: device) { backend, x, w, y in
        try backend.convolution(
          x, w, bias: bias?.slice, shape, activation: activation, into: y, preActivation: preActivation?.slice)
      }
      if let recording {
        let saved = activation == nil ? nil : Operand(preActivation ?? y, keeping: true)
        let record = ConvolutionRecord(
          x: Operand(self, keeping: recording.owns(weight.node)),
          weight: Operand(weight, keeping: recording.owns(node)), bias: bias.map { Operand($0) }, shape: shape,
          activation: activation, saved: saved)
        y.node = recording.append(.convolution(record))
      }
      return y
    }
  }

  /// Computes the result from a convolution without bias and activation, whose rule has derivatives of every order.
  private func composedConvolution(
    _ weight: Tensor, _ bias: Tensor?, _ geometry: WindowGeometry, _ groups: Int, _ activation: UnaryOp?
  ) -> Tensor {
    var y = convolution(weight, bias: nil, geometry, groups: groups)
    if let bias { y = y + bias.reshaped([bias.count, 1, 1]) }
    return activation.map { y.applying($0) } ?? y
  }

  /// Returns the transposed convolution, the operation that computes the input gradient of a convolution with this
  /// weight: x `[N, O, H′, W′]`, weight `[O, C/groups, kH, kW]`, y `[N, C, H, W]` with the given image size.
  package func transposedConvolution(
    _ weight: Tensor, _ geometry: WindowGeometry, groups: Int = 1, height: Int, width: Int
  ) -> Tensor {
    checked {
      let name: StaticString = "transposedConvolution"
      let shape = try transposedShape(name, weight, geometry, groups, height, width)
      let result: Shape = [shape.batch, shape.inputChannels, height, width]
      try Checks.countable(name, result)
      var y = Tensor.launch(self, weight, result, dtype, on: try Checks.sameDevice(name, self, weight)) {
        backend, x, w, y in
        try backend.convolutionInputGradient(x, w, shape, into: y)
      }
      if let recording = Tape.recording(node, weight.node) {
        let record = TransposedConvolutionRecord(
          x: Operand(self, keeping: recording.owns(weight.node)),
          weight: Operand(weight, keeping: recording.owns(node)), shape: shape)
        y.node = recording.append(.transposedConvolution(record))
      }
      return y
    }
  }

  /// Returns the gradient of a convolution with respect to its weight; `self` is its input.
  fileprivate func convolutionWeightGradient(_ dy: Tensor, _ shape: ConvolutionShape, _ weight: Shape) -> Tensor {
    checked {
      let name: StaticString = "convolutionWeightGradient"
      var dw = Tensor.launch(self, dy, weight, dtype, on: try Checks.sameDevice(name, self, dy)) { backend, x, dy, dw in
        try backend.convolutionWeightGradient(x, dy, shape, accumulating: false, into: dw)
      }
      if let recording = Tape.recording(node, dy.node) {
        let record = ConvolutionWeightGradientRecord(
          x: Operand(self, keeping: recording.owns(dy.node)), dy: Operand(dy, keeping: recording.owns(node)),
          shape: shape
        )
        dw.node = recording.append(.convolutionWeightGradient(record))
      }
      return dw
    }
  }

  /// Returns a convolution from its extents. The three products of a convolution are closed under differentiation.
  fileprivate func convolution(_ weight: Tensor, _ shape: ConvolutionShape) -> Tensor {
    convolution(weight, bias: nil, WindowGeometry(shape), groups: shape.groups)
  }

  fileprivate func transposedConvolution(_ weight: Tensor, _ shape: ConvolutionShape) -> Tensor {
    transposedConvolution(
      weight, WindowGeometry(shape), groups: shape.groups, height: shape.height.input, width: shape.width.input)
  }
}

// MARK: Checks

extension Tensor {
  private func convolutionShape(
    _ weight: Tensor, _ bias: Tensor?, _ geometry: WindowGeometry, groups: Int
  ) throws -> ConvolutionShape {
    let name: StaticString = "convolution"
    try Checks.images(name, self, weight, geometry)
    try Checks.convolutionOperands(name, self, weight, bias, groups)
    let (height, width) = try geometry.axes(name, height: extents[2], width: extents[3], extents)
    return ConvolutionShape(
      batch: extents[0], inputChannels: extents[1], outputChannels: weight.extents[0], groups: groups, height: height,
      width: width)
  }

  private func transposedShape(
    _ name: StaticString, _ weight: Tensor, _ geometry: WindowGeometry, _ groups: Int, _ height: Int, _ width: Int
  ) throws -> ConvolutionShape {
    try Checks.images(name, self, weight, geometry)
    try Checks.transposedOperands(name, self, weight, groups)
    let channels = try Checks.repeated(name, weight.extents[1], groups, weight.extents)
    let result: Shape = [extents[0], channels, height, width]
    let (vertical, horizontal) = try geometry.axes(name, height: height, width: width, result)
    if vertical.output != extents[2] || horizontal.output != extents[3] {
      try Checks.fail(name, "shapes \(extents) and \(weight.extents) do not give \(result)")
    }
    return ConvolutionShape(
      batch: extents[0], inputChannels: result[1], outputChannels: extents[1], groups: groups, height: vertical,
      width: horizontal)
  }
}

extension WindowGeometry {
  /// Creates the geometry that led to these extents, with the trailing padding that makes them exact.
  fileprivate init(_ shape: ConvolutionShape) {
    func after(_ axis: WindowAxis) -> Int { axis.reach - axis.input - axis.padding }
    self.init(
      kernel: (shape.height.kernel, shape.width.kernel), stride: (shape.height.stride, shape.width.stride),
      dilation: (shape.height.dilation, shape.width.dilation),
      padding: (shape.height.padding, after(shape.height), shape.width.padding, after(shape.width)))
  }
}

extension Checks {
  fileprivate static func images(
    _ operation: StaticString, _ x: Tensor, _ weight: Tensor, _ geometry: WindowGeometry
  ) throws {
    if x.rank != 4 || weight.rank != 4 {
      try fail(operation, "shapes \(x.extents) and \(weight.extents): images and weights have four axes")
    }
    if weight.extents[2] != geometry.kernel.height || weight.extents[3] != geometry.kernel.width {
      try fail(operation, "a window of \(geometry.kernel) for the weight of shape \(weight.extents)")
    }
  }

  /// Checks the operands of a convolution, except for the spatial axes.
  static func convolutionOperands(
    _ operation: StaticString, _ x: Tensor, _ weight: Tensor, _ bias: Tensor?, _ groups: Int
  ) throws {
    try groupedOperands(operation, x, weight, groups)
    let isDivided = x.extents[1] % groups == 0 && weight.extents[0] % groups == 0
    if !isDivided || x.extents[1] / groups != weight.extents[1] {
      try fail(
        operation, "shapes \(x.extents) and \(weight.extents) do not fit with \(groups) groups",
        hint: "the input is [N, C, …], the weight [filters, C/groups, …], and groups divides C and filters")
    }
    if let bias {
      try sameDType(operation, x, bias)
      _ = try sameDevice(operation, x, bias)
      if bias.extents != [weight.extents[0]] {
        try fail(operation, "a bias of shape \(bias.extents) does not fit the weight of shape \(weight.extents)")
      }
    }
  }

  /// Checks the operands of a transposed convolution, except for the spatial axes.
  static func transposedOperands(_ operation: StaticString, _ x: Tensor, _ weight: Tensor, _ groups: Int) throws {
    try groupedOperands(operation, x, weight, groups)
    if x.extents[1] != weight.extents[0] || x.extents[1] % groups != 0 {
      try fail(
        operation, "shapes \(x.extents) and \(weight.extents) do not fit with \(groups) groups",
        hint: "the input is [N, C, …], the weight [C, filters/groups, …], and groups divides C")
    }
  }

  private static func groupedOperands(_ operation: StaticString, _ x: Tensor, _ weight: Tensor, _ groups: Int) throws {
    try floatingPoint(operation, x)
    try sameDType(operation, x, weight)
    _ = try sameDevice(operation, x, weight)
    if groups < 1 { try fail(operation, "\(groups) groups for \(x.extents); there is at least 1") }
  }
}

// MARK: Gradients

/// y = activation(convolution + bias).
struct ConvolutionRecord: GradientRule {
  let x, weight: Operand
  let bias: Operand?
  let shape: ConvolutionShape
  let activation: UnaryOp?
  /// The value from which the derivative of the activation is computed.
  let saved: Operand?

  func propagate(_ dy: inout Tensor, in pass: inout BackwardPass) {
    let dz = backThroughRest(&dy, in: &pass)
    if pass.needsGradient(weight) { addWeightGradient(dz, in: &pass) }
    pass.accumulate(dz.transposedConvolution(weight.tensor, shape), to: x)
  }

  /// Returns the gradient of the sums, and accumulates the gradient of the bias. In a recorded pass, there is no
  /// activation and no bias.
  private func backThroughRest(_ dy: inout Tensor, in pass: inout BackwardPass) -> Tensor {
    let epilogue = EpilogueGradient(bias: bias, activation: activation, saved: saved)
    return epilogue.propagate(&dy, units: shape.outputChannels, in: &pass) { backend, dy, saved, dz, dBias in
      try backend.convolutionOutputGradient(
        dy, saved: saved, activation: epilogue.activation, batch: shape.batch, channels: shape.outputChannels,
        plane: shape.outputPlane, dz: dz, dBias: dBias)
    }
  }

  /// Adds the gradient of the weight, directly into its slab if it has one.
  private func addWeightGradient(_ dz: Tensor, in pass: inout BackwardPass) {
    let input = x.tensor
    if !pass.isRecorded, !dz.isPoisoned, !input.isPoisoned {
      let shape = shape
      let isWritten = pass.write(to: weight) { backend, range, isAccumulating in
        try backend.convolutionWeightGradient(
          input.slice, dz.slice, shape, accumulating: isAccumulating, into: range)
      }
      if isWritten { return }
    }
    pass.accumulate(input.convolutionWeightGradient(dz, shape, weight.extents), to: weight)
  }
}

/// y = the input gradient of a convolution.
struct TransposedConvolutionRecord: GradientRule {
  let x, weight: Operand
  let shape: ConvolutionShape

  func propagate(_ dy: inout Tensor, in pass: inout BackwardPass) {
    if pass.needsGradient(weight) {
      pass.accumulate(dy.convolutionWeightGradient(x.tensor, shape, weight.extents), to: weight)
    }
    pass.accumulate(dy.convolution(weight.tensor, shape), to: x)
  }
}

/// dw = the weight gradient of a convolution: linear in both operands.
struct ConvolutionWeightGradientRecord: GradientRule {
  let x, dy: Operand
  let shape: ConvolutionShape

  func propagate(_ ddw: inout Tensor, in pass: inout BackwardPass) {
    pass.accumulate(dy.tensor.transposedConvolution(ddw, shape), to: x)
    pass.accumulate(x.tensor.convolution(ddw, shape), to: dy)
  }
}
