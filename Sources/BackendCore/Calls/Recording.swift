/// A sequence of recorded backend calls. A replay repeats them on the same buffers.
///
/// Only one replay may run at a time, because the calls share the buffers that they write.
public protocol Recording: AnyObject, Sendable {
  /// Repeats the calls, with some buffers replaced by others.
  /// - Parameter substitutions: Buffers of the recording, each at most once, and their replacements in this replay.
  func replay(substituting substitutions: [BufferBinding]) throws
  /// The recorded calls as values; nil if the backend stores them in another form. The default is nil.
  var calls: CallList? { get }
}

extension Recording {
  public var calls: CallList? { nil }

  /// Repeats the calls on the buffers of the recording.
  public func replay() throws { try replay(substituting: []) }
}

/// A buffer of a recording and its replacement in one replay, with the same element count and type.
public struct BufferBinding: Sendable {
  public var buffer: Buffer
  public var replacement: BufferSlice

  public init(_ buffer: Buffer, by replacement: BufferSlice) {
    self.buffer = buffer
    self.replacement = replacement
  }
}

extension Backend {
  /// Records the calls with a `CallRecorder`.
  public func record(_ body: (any Backend) throws -> Void) throws -> (any Recording)? {
    let recorder = CallRecorder(self)
    try body(recorder)
    return recorder.recording()
  }
}
