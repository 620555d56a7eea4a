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
  /// The inputs, then the buffers that calls change, then the outputs that are replaced.
  private var substitutions: [BufferBinding]
  private let inputCount: Int
  private let outputs: [Output]

  /// Calls `body` once, on copies of the inputs, and keeps what it does on the device.
  /// - Parameters:
  ///   - inputs: Tensors on the device, of the shapes and element types of all calls to come.
  ///   - buffers: What `body` changes in place beside its results: each later call says where these numbers are by then.
  ///   - body: Does on the host nothing that depends on numbers, but through the shapes of its inputs.
  /// - Returns: What this first call gave, and the function; nil when the call cannot be repeated, or while the device is
  ///   being recorded already.
  package static func record<E: Error>(
    on device: Device, like inputs: [Tensor], changing buffers: [Buffer] = [], _ body: ([Tensor]) throws(E) -> [Tensor]
  ) throws -> (results: [Tensor], function: RecordedFunction?) {
    let own = inputs.map { $0.copied() }
    for input in own { try input.checkPoison() }
    var results: [Tensor] = []
    func call() throws(E) { results = try withoutGradient { () throws(E) in try body(own) } }
    var recording: (any Recording)?
    if device.isBeingRecorded { try call() } else { recording = try device.record(call) }
    for result in results { try result.checkPoison() }
    guard let recording else { return (results, nil) }
    let fixed = try own.map { try $0.slice } + buffers.map { BufferSlice($0) }
    // What `body` has changed stays changed: no memory to keep the call in is no reason to fail.
    guard let function = try? RecordedFunction(device, recording, fixed, inputCount: own.count, &results) else {
      return (results, nil)
    }
    return (results, function)
  }

  /// Finds out what becomes of the results in later calls. Those that lie in memory of the recording, which later calls write
  /// over, are copied.
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
      // The body has allocated it, and nobody else holds it. A result may also be an input, or a view of one.
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

  /// The results for these inputs, which are on the device and have the shapes of the recording; `buffers` are where the numbers
  /// are that the call changes, in the order of the recording. Not while the device is being recorded.
  package func callAsFunction(_ inputs: [Tensor], changing buffers: [Buffer] = []) throws -> [Tensor] {
    for index in inputs.indices { try bind(index, to: inputs[index]) }
    for index in buffers.indices { substitutions[inputCount + index].replacement = BufferSlice(buffers[index]) }
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
