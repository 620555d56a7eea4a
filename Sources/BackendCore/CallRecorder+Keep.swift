extension CallRecorder {
  /// Makes a call that is no primitive of the protocol, and keeps it: a kernel of a user's own, for one.
  /// - Parameters:
  ///   - operands: All buffers that the call uses.
  ///   - call: Gets the backend that computes, and the operands: themselves now, perhaps others in a replay.
  public func keep(
    _ operands: [BufferSlice], _ call: @escaping @Sendable (any Backend, [BufferSlice]) throws -> Void
  ) throws {
    let operands = kept(operands)
    try self.call { backend, at in try call(backend, at(operands)) }
  }
}
