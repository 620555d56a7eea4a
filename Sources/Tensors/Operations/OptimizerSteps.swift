import BackendCore

/// Applies one step of an optimizer to a slab of parameters, in place if nothing else references the slab, else in a
/// copy.
/// - Throws: The first error of any operand, before anything is written.
package func applyOptimizerStep(
  _ step: OptimizerStep, parameters: inout Tensor, gradients: Tensor, states: inout [Tensor], scalars: Tensor,
  group: Int
) throws {
  try parameters.checkPoison()
  for state in states { try state.checkPoison() }
  let gradientSlice = try gradients.slice
  let scalarSlice = try scalars.slice.advanced(by: group * StepScalars.count)
  try Checks.optimizerStep(step, parameters, gradients, states, scalars, group)
  if parameters.count == 0 { return }
  try parameters.makeUnique()
  for index in states.indices { try states[index].makeUnique() }
  let device = parameters.device
  do {
    try device.callTarget(isWidened: parameters.dtype.isWidened).optimizerStep(
      step, parameters: parameters.slice, gradients: gradientSlice, states: states.map { try $0.slice },
      count: parameters.count, scalars: scalarSlice)
  } catch {
    throw DeviceError(error, on: device)
  }
}

/// Writes min(1, maximum/‖g‖), where ‖g‖ is the norm over all slabs together, to the `gradientScale` of each group.
/// - Throws: The first error of any operand, before anything is written.
package func globalNormClipFactor(
  of slabs: [Tensor], maximum: Double, into scalars: inout Tensor, groups: Range<Int>
) throws {
  try scalars.checkPoison()
  let slices = try slabs.map { try $0.slice }
  try scalars.makeUnique()
  let device = scalars.device
  do {
    let backend = device.callTarget(isWidened: slabs.contains { $0.dtype.isWidened })
    let norm = BufferSlice(try backend.allocate(count: 1, dtype: scalars.dtype))
    let filled = slabs.indices.filter { slabs[$0].count > 0 }
    if filled.isEmpty { try backend.fill(norm, count: 1, with: 0) }
    for slab in filled {
      try backend.norm(slices[slab], count: slabs[slab].count, accumulating: slab != filled[0], into: norm)
    }
    let destination = try scalars.slice
    for group in groups {
      let slot = group * StepScalars.count + StepScalars.gradientScale
      try backend.clipFactor(norm: norm, maximumNorm: maximum, into: destination.advanced(by: slot))
    }
  } catch {
    throw DeviceError(error, on: device)
  }
}

extension Checks {
  static func optimizerStep(
    _ step: OptimizerStep, _ parameters: Tensor, _ gradients: Tensor, _ states: [Tensor], _ scalars: Tensor,
    _ group: Int
  ) throws {
    let name: StaticString = "applyOptimizerStep"
    if gradients.count != parameters.count || states.contains(where: { $0.count != parameters.count }) {
      try fail(
        name,
        "parameters \(parameters.extents), gradients \(gradients.extents) and states \(states.map(\.extents)) differ")
    }
    if states.count != step.stateCount {
      try fail(name, "\(states.count) states for parameters \(parameters.extents), the rule has \(step.stateCount)")
    }
    if group < 0 || (group + 1) * StepScalars.count > scalars.count {
      try fail(name, "scalars \(scalars.extents) have no group \(group)")
    }
    for other in [gradients, scalars] + states { _ = try sameDevice(name, parameters, other) }
    for other in [gradients] + states { try sameDType(name, parameters, other) }
    try dtype(name, scalars, is: parameters.dtype.isHalf ? .float32 : parameters.dtype)
  }
}
