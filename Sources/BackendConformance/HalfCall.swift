import BackendCore

/// A call with operands of float16 or bfloat16 that a backend makes itself (`Backend.computesHalves(_:_:)`). The results
/// must be those of the same call in float32, rounded once, in every bit.
package struct HalfCall: Sendable {
  package enum Operand: Sendable {
    /// Halves with these bits, read from the element `start` on.
    case halves([UInt16], start: Int = 0)
    /// The halves nearest to these numbers.
    case numbers([Double])
    case floats([Double])
    case result(Int, DType? = nil)
    /// The slice of another operand, which the call overwrites.
    case operand(Int)
  }

  package let name: String
  package let operation: BackendOperation
  let operands: [Operand?]

  /// Makes the call on a backend, and returns a line for each difference from the call in float32.
  package func failures(on backend: any Backend, _ dtype: DType) throws -> [String] {
    let slices = try slices(on: backend, dtype)
    guard backend.computesHalves(operation, slices) else { return ["\(name) of \(dtype) is not computed"] }
    let expected = try resultsInFloat32(slices, on: backend)
    try operation.perform(on: backend, slices)
    var lines: [String] = []
    for (index, result) in expected {
      guard let slice = slices[index] else { continue }
      let (found, expected) = (try bits(slice, on: backend), try bits(result, on: backend))
      let wrong = found.indices.filter { !Self.areEqual(found[$0], expected[$0], slice.dtype) }
      lines += wrong.prefix(3).map { element in
        let (bits, right) = (String(found[element], radix: 16), String(expected[element], radix: 16))
        return "\(name) of \(dtype), element \(element) of operand \(index): \(bits), not \(right)"
      }
    }
    return lines
  }

  /// The growth of a backend's memory while it makes calls whose operands and results exist. The backend must be new.
  package static func temporaryBytes(of calls: [HalfCall], on backend: any Backend, _ dtype: DType) throws -> Int {
    let slices = try calls.map { try $0.slices(on: backend, dtype) }
    let before = backend.memoryStatistics().peakBytes
    for (call, slices) in zip(calls, slices) { try call.operation.perform(on: backend, slices) }
    try backend.synchronize()
    return backend.memoryStatistics().peakBytes - before
  }

  // MARK: Operands

  /// The operands on a backend. None starts at an aligned address, and results are NaN.
  private func slices(on backend: any Backend, _ dtype: DType) throws -> [BufferSlice?] {
    var slices: [BufferSlice?] = []
    for operand in operands {
      switch operand {
      case .halves(let bits, let start): slices.append(try Self.slice(bits, dtype, on: backend).advanced(by: start))
      case .numbers(let numbers):
        slices.append(try Self.slice(numbers.map { HalfFormat(dtype).bits(of: $0) }, dtype, on: backend))
      case .floats(let numbers): slices.append(try Self.slice(numbers.map { Float($0) }, .float32, on: backend))
      case .result(let count, let type):
        let slice = BufferSlice(try backend.allocate(count: count + 1, dtype: type ?? dtype), offset: 1)
        try backend.fill(slice, count: count, with: .nan)
        slices.append(slice)
      case .operand(let index): slices.append(slices[index])
      case nil: slices.append(nil)
      }
    }
    return slices
  }

  private static func slice<Element: BitwiseCopyable>(
    _ elements: [Element], _ dtype: DType, on backend: any Backend
  ) throws -> BufferSlice {
    let slice = BufferSlice(try backend.allocate(count: elements.count + 1, dtype: dtype), offset: 1)
    try elements.withUnsafeBytes { try backend.upload($0, into: slice) }
    return slice
  }

  /// Makes the call with copies of the operands in float32, and returns the results, rounded, with their numbers.
  private func resultsInFloat32(_ slices: [BufferSlice?], on backend: any Backend) throws -> [(Int, BufferSlice)] {
    let copies = try slices.map { slice -> BufferSlice? in
      guard let slice else { return nil }
      let count = slice.buffer.count
      let copy = BufferSlice(try backend.allocate(count: count, dtype: slice.dtype.isHalf ? .float32 : slice.dtype))
      try backend.cast(BufferSlice(slice.buffer), count: count, into: copy)
      return copy.advanced(by: slice.offset)
    }
    try operation.perform(on: backend, copies)
    return try slices.indices.compactMap { index in
      guard operation.access(of: index) != .read, let slice = slices[index], let copy = copies[index] else {
        return nil
      }
      let count = slice.buffer.count
      let result = BufferSlice(try backend.allocate(count: count, dtype: slice.dtype))
      try backend.cast(BufferSlice(copy.buffer), count: count, into: result)
      return (index, result.advanced(by: slice.offset))
    }
  }

  // MARK: Comparison

  private func bits(_ slice: BufferSlice, on backend: any Backend) throws -> [UInt32] {
    let (count, size) = (slice.buffer.count - slice.offset, slice.dtype.byteCount)
    var bytes = [UInt8](repeating: 0, count: count * size)
    try bytes.withUnsafeMutableBytes { try backend.download(slice, into: $0) }
    return (0..<count).map { element in
      (0..<size).reduce(0) { $0 | UInt32(bytes[element * size + $1]) << UInt32(8 * $1) }
    }
  }

  /// Whether two elements have the same bits, or both are NaN.
  private static func areEqual(_ a: UInt32, _ b: UInt32, _ dtype: DType) -> Bool {
    func isNaN(_ bits: UInt32) -> Bool {
      switch dtype {
      case .float32: Float(bitPattern: bits).isNaN
      case .float16, .bfloat16: HalfFormat(dtype).number(UInt16(bits)).isNaN
      default: false
      }
    }
    return a == b || (isNaN(a) && isNaN(b))
  }
}
