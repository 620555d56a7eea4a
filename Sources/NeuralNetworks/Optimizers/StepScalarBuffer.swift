import BackendCore

/// The numbers that differ between steps, stored on the device: one row per group.
struct StepScalarBuffer {
  private var tensor: Tensor?

  /// Writes the rows for slabs like this one.
  mutating func write(
    _ rates: [Double], _ corrections: (first: Double, secondRoot: Double), bound: Double, like slab: Tensor
  ) throws {
    var numbers = [Double](repeating: 0, count: rates.count * StepScalars.count)
    for (group, rate) in rates.enumerated() {
      let row = group * StepScalars.count
      numbers[row + StepScalars.learningRate] = rate
      numbers[row + StepScalars.gradientScale] = 1
      numbers[row + StepScalars.gradientBound] = bound
      numbers[row + StepScalars.firstCorrection] = corrections.first
      numbers[row + StepScalars.secondCorrectionRoot] = corrections.secondRoot
    }
    try store(numbers, like: slab)
  }

  /// Stores the numbers of a step, with the element type and on the device of this slab.
  mutating func store(_ numbers: [Double], like slab: Tensor) throws {
    if let tensor, tensor.device == slab.device, tensor.dtype == slab.dtype, tensor.count == numbers.count,
      !tensor.isPoisoned
    {
      try upload(numbers)
    } else {
      tensor = Tensor(numbers, dtype: slab.dtype, on: slab.device)
    }
    try tensor?.checkPoison()
  }

  /// Overwrites the buffer in place, because recordings refer to it.
  private func upload(_ numbers: [Double]) throws {
    guard let tensor else { return }
    do {
      let (backend, slice) = (tensor.device.callTarget, try tensor.slice)
      try withUploadBytes(of: numbers, as: tensor.dtype) { try backend.upload($0, into: slice) }
    } catch {
      throw DeviceError(error, on: tensor.device)
    }
  }

  /// Returns scalars that share the buffer, for `count` stored numbers from `start` on.
  func scalars(from start: Int, count: Int) -> [Tensor] {
    guard let tensor else { return [] }
    return (start..<start + count).map { Tensor(viewing: tensor, offset: $0, shape: []) }
  }

  /// Returns the buffer of the numbers.
  func buffers() throws -> [Buffer] { try tensor.map { [try $0.slice.buffer] } ?? [] }

  /// Writes the factor that limits the global norm of the gradients into every row.
  mutating func clip(_ gradients: [Tensor], globalNorm: Double, groups: Int) throws {
    guard var scalars = tensor else { return }
    tensor = nil  // held once, so that it is written in place
    defer { tensor = scalars }
    try globalNormClipFactor(of: gradients, maximum: globalNorm, into: &scalars, groups: 0..<groups)
  }

  /// Makes every group skip its step if this number is above 0.
  mutating func skip(by count: Tensor, groups: Int) throws {
    guard var scalars = tensor else { return }
    tensor = nil  // held once, so that it is written in place
    defer { tensor = scalars }
    for group in 0..<groups { try scalars.overwrite(from: group * StepScalars.count + StepScalars.skip, with: count) }
  }

  /// Performs one step on a slab.
  func apply(
    _ step: OptimizerStep, to parameters: inout Tensor, _ gradients: Tensor, _ states: inout [Tensor], group: Int
  ) throws {
    guard let tensor else { return }
    try applyOptimizerStep(
      step, parameters: &parameters, gradients: gradients, states: &states, scalars: tensor, group: group)
  }
}
