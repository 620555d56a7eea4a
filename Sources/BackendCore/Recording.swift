/// A sequence of calls that a backend has kept: replaying repeats them on the same buffers.
///
/// One replay at a time: the calls share the buffers that they write.
public protocol Recording: AnyObject, Sendable {
  /// Repeats the calls, with other buffers in the place of some.
  /// - Parameter substitutions: Buffers of the recording, and what stands for each in this replay.
  func replay(substituting substitutions: [BufferSubstitution]) throws
}

extension Recording {
  /// Repeats the calls on the buffers of the recording.
  public func replay() throws { try replay(substituting: []) }
}

/// A buffer of a recording, and what stands for it in one replay: as many elements of the same type.
public struct BufferSubstitution: Sendable {
  public var buffer: Buffer
  public var replacement: BufferSlice

  public init(_ buffer: Buffer, by replacement: BufferSlice) {
    self.buffer = buffer
    self.replacement = replacement
  }
}

extension Backend {
  /// Keeps the calls as they are made, in a `CallRecorder`.
  public func record(_ body: (any Backend) throws -> Void) throws -> (any Recording)? {
    let recorder = CallRecorder(self)
    try body(recorder)
    return recorder.recording()
  }
}
