import BackendCore

/// A function of tensors whose calls on the device have been kept, for inputs of fixed shapes. Calling it again repeats them
/// with other inputs, and allocates nothing but the results.
///
/// The numbers between inputs and results lie in buffers of the recording: one call at a time.
package final class RecordedFunction {
  private struct Output {
    enum Form {
      /// A buffer of the recording, in whose place a new one is written each time.
      case replaced(Int)
      /// Numbers that somebody else may hold too, which are copied.
      case copied(BufferSlice)
    }

    let form: Form
    let extents: Shape
    let dtype: DType
  }

  private let device: Device
  private let recording: any Recording
  /// The inputs, then the outputs that are replaced.
  private var substitutions: [BufferSubstitution]
  private let outputs: [Output]

  /// The number of results.
  package var outputCount: Int { outputs.count }

  /// Calls `body` once, on copies of the inputs, and keeps what it does on the device; nil when that cannot be repeated, or
  /// while the device is being recorded already.
  /// - Parameters:
  ///   - inputs: Tensors on the device, of the shapes and element types of all calls to come.
  ///   - body: Does on the host nothing that depends on the inputs but through their shapes.
  package init?<E: Error>(
    on device: Device, like inputs: [Tensor], _ body: ([Tensor]) throws(E) -> [Tensor]
  ) throws {
    if device.isBeingRecorded { return nil }
    let own = inputs.map { $0.copied() }
    for input in own { try input.checkPoison() }
    var results: [Tensor] = []
    let recording = try device.record { () throws(E) in results = try withoutGradient { () throws(E) in try body(own) }
    }
    for result in results { try result.checkPoison() }
    guard let recording else { return nil }
    var substitutions = try own.map { BufferSubstitution(try $0.slice.buffer, by: try $0.slice) }
    var outputs: [Output] = []
    for index in results.indices {
      let slice = try results[index].slice
      // Nobody else holds it: it has been allocated by the body.
      let isOwn = results[index].isStorageUniquelyReferenced() && slice.buffer.count == results[index].count
      if isOwn { substitutions.append(BufferSubstitution(slice.buffer, by: slice)) }
      let form: Output.Form = isOwn ? .replaced(substitutions.count - 1) : .copied(slice)
      outputs.append(Output(form: form, extents: results[index].extents, dtype: results[index].dtype))
    }
    self.device = device
    self.recording = recording
    self.substitutions = substitutions
    self.outputs = outputs
  }

  /// The results for these inputs, which are on the device and have the shapes of the recording. Not while the device is being
  /// recorded.
  package func callAsFunction(_ inputs: [Tensor]) throws -> [Tensor] {
    for index in inputs.indices { try bind(index, to: inputs[index]) }
    defer { unbind() }
    let results = try outputs.map { try prepare($0) }
    try replay()
    for (output, result) in zip(outputs, results) { try finish(output, result) }
    return results
  }

  /// The same for one input and one result, without arrays.
  package func callAsFunction(_ input: Tensor) throws -> Tensor {
    try bind(0, to: input)
    defer { unbind() }
    let result = try prepare(outputs[0])
    try replay()
    try finish(outputs[0], result)
    return result
  }

  private func bind(_ index: Int, to input: Tensor) throws { substitutions[index].replacement = try input.slice }

  /// Memory of callers is not held between calls.
  private func unbind() {
    for index in substitutions.indices {
      substitutions[index].replacement = BufferSlice(substitutions[index].buffer)
    }
  }

  /// Memory for a result.
  private func prepare(_ output: Output) throws -> Tensor {
    try inDeviceTerms {
      let buffer = try device.backend.allocate(count: output.extents.count, dtype: output.dtype)
      if case .replaced(let index) = output.form { substitutions[index].replacement = BufferSlice(buffer) }
      return Tensor(Storage(buffer, on: device), extents: output.extents)
    }
  }

  private func replay() throws { try inDeviceTerms { try recording.replay(substituting: substitutions) } }

  private func finish(_ output: Output, _ result: Tensor) throws {
    guard case .copied(var source) = output.form else { return }
    if let bound = substitutions.first(where: { $0.buffer === source.buffer }) {
      source = bound.replacement.advanced(by: source.offset)
    }
    try inDeviceTerms { try device.backend.copy(source, count: result.count, into: try result.slice) }
  }

  private func inDeviceTerms<R>(_ body: () throws -> R) throws -> R {
    do {
      return try body()
    } catch {
      throw DeviceError(error, on: device)
    }
  }
}
