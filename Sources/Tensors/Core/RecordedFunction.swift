import BackendCore

/// A function of tensors whose device calls have been recorded for inputs of fixed shapes. Calling it repeats them with
/// new inputs and allocates nothing except the results.
///
/// Intermediate values are in buffers of the recording, so only one call may run at a time.
package final class RecordedFunction {
  private struct Output {
    enum Form {
      /// A buffer of the recording, replaced by a new buffer in each call.
      case replaced(Int)
      /// Numbers that may be shared with others and are therefore copied.
      case copied(BufferSlice)
    }

    let form: Form
    let extents: Shape
    let dtype: DType
  }

  private let device: Device
  private let recording: any Recording
  /// The inputs, then the buffers changed by calls, then the replaced outputs.
  private var substitutions: [BufferBinding]
  private let inputCount: Int
  private let outputs: [Output]

  /// Calls `body` once, on copies of the inputs, and records its device calls.
  /// - Parameters:
  ///   - inputs: Tensors on the device, with the shapes and element types of all later calls.
  ///   - buffers: Buffers other than the results that `body` changes in place. Each later call specifies their current
  ///     locations.
  ///   - body: The function. Its work on the host must not depend on numbers, only on the shapes of the inputs.
  /// - Returns: The results of this first call, and the function. The function is nil if the call cannot be repeated or
  ///   if the device is already being recorded.
  package static func record<E: Error>(
    on device: Device, like inputs: [Tensor], changing buffers: [Buffer] = [], _ body: ([Tensor]) throws(E) -> [Tensor]
  ) throws -> (results: [Tensor], function: RecordedFunction?) {
    let own = inputs.map { $0.copied() }
    for input in own { try input.checkPoison() }
    var results: [Tensor] = []
    func call() throws(E) { results = try withoutGradient { () throws(E) in try body(own) } }
    let recording = try device.record(call)
    for result in results { try result.checkPoison() }
    guard let recording else { return (results, nil) }
    let fixed = try own.map { try $0.slice } + buffers.map { BufferSlice($0) }
    // The changes made by `body` remain in effect, so a lack of memory for the recording is not an error.
    guard let function = try? RecordedFunction(device, recording, fixed, inputCount: own.count, &results) else {
      return (results, nil)
    }
    return (results, function)
  }

  /// Determines how later calls produce the results. Results in memory of the recording, which later calls overwrite,
  /// are copied.
  private init(
    _ device: Device, _ recording: any Recording, _ fixed: [BufferSlice], inputCount: Int, _ results: inout [Tensor]
  ) throws {
    self.device = device
    self.recording = recording
    self.inputCount = inputCount
    var substitutions = fixed.map { BufferBinding($0.buffer, by: $0) }
    var outputs: [Output] = []
    for index in results.indices {
      let slice = try results[index].slice
      // `body` has allocated the buffer, and nothing else references it. A result may also be an input or a view of
      // one.
      let isKnown = substitutions.contains { $0.buffer === slice.buffer }
      let isOwn =
        !isKnown && results[index].isStorageUniquelyReferenced() && slice.buffer.count == results[index].count
      let form: Output.Form = isOwn ? .replaced(substitutions.count) : .copied(slice)
      if isOwn { substitutions.append(BufferBinding(slice.buffer, by: slice)) }
      outputs.append(Output(form: form, extents: results[index].extents, dtype: results[index].dtype))
    }
    let lasting = zip(results, outputs).map { result, output in
      if case .copied = output.form { result.copied() } else { result }
    }
    for result in lasting { try result.checkPoison() }
    results = lasting
    self.substitutions = substitutions
    self.outputs = outputs
  }

  /// Returns the results for these inputs, which must be on the device and have the shapes of the recording. `buffers`
  /// are the current buffers of the numbers that the call changes, in the order of the recording. Not available while
  /// the device is being recorded.
  package func callAsFunction(_ inputs: [Tensor], changing buffers: [Buffer] = []) throws -> [Tensor] {
    for index in inputs.indices { try bind(index, to: inputs[index]) }
    for index in buffers.indices { substitutions[inputCount + index].replacement = BufferSlice(buffers[index]) }
    defer { unbind() }
    let results = try outputs.map { try prepare($0) }
    try replay()
    for (output, result) in zip(outputs, results) { try finish(output, result) }
    return results
  }

  /// Calls a function of one input and one result, without creating arrays.
  package func callAsFunction(_ input: Tensor) throws -> Tensor {
    try bind(0, to: input)
    defer { unbind() }
    let result = try prepare(outputs[0])
    try replay()
    try finish(outputs[0], result)
    return result
  }

  private func bind(_ index: Int, to input: Tensor) throws { substitutions[index].replacement = try input.slice }

  /// Releases the memory of callers between calls.
  private func unbind() {
    for index in substitutions.indices {
      substitutions[index].replacement = BufferSlice(substitutions[index].buffer)
    }
  }

  /// Allocates memory for a result.
  private func prepare(_ output: Output) throws -> Tensor {
    try inDeviceTerms {
      let buffer = try device.callTarget.allocate(count: output.extents.count, dtype: output.dtype)
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
    try inDeviceTerms { try device.callTarget.copy(source, count: result.count, into: try result.slice) }
  }

  private func inDeviceTerms<R>(_ body: () throws -> R) throws -> R {
    do {
      return try body()
    } catch {
      throw DeviceError(error, on: device)
    }
  }
}
