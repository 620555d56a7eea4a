import BackendCore

extension Tensor {
  /// Creates a tensor from elements generated piece by piece in row-major order, so that only one piece at a time is in
  /// memory twice.
  /// - Parameters:
  ///   - pieceSize: The number of elements per piece; the last piece may be smaller.
  ///   - elements: Returns the elements at the given positions.
  /// - Throws: The errors thrown by `elements`; `DeviceError`.
  package init<S: TensorScalar>(
    shape: [Int], on device: Device = .cpu, pieceSize: Int = 1 << 18, elements: (Range<Int>) throws -> [S]
  ) throws {
    let extents = try Checks.extents("init", shape)
    let backend = device.callTarget
    let storage: BufferSlice
    do { storage = BufferSlice(try backend.allocate(count: extents.count, dtype: S.dtype)) } catch {
      throw DeviceError(error, on: device)
    }
    let step = Swift.max(pieceSize, 1)
    for start in stride(from: 0, to: extents.count, by: step) {
      let range = start..<Swift.min(start + step, extents.count)
      let piece = try elements(range)
      try Checks.elementCount("init", piece.count, [range.count])
      do { try piece.withUnsafeBytes { try backend.upload($0, into: storage.advanced(by: start)) } } catch {
        throw DeviceError(error, on: device)
      }
    }
    self.init(Storage(storage.buffer, on: device), extents: extents)
  }
}
