#if OpenCL
public import BackendCore

extension OpenCLBackend {
  /// Keeps what the calls put into the queue. A replay infers nothing and allocates nothing; kernel objects have their
  /// arguments, of which only the places of substituted buffers are set, when they have changed since the last replay.
  public func record(_ body: (any Backend) throws -> Void) throws -> (any Recording)? {
    // What records this one keeps the commands.
    guard capture == nil else {
      try body(self)
      return nil
    }
    let capture = CommandCapture(context, pool)
    try body(OpenCLBackend(recording: self, into: capture))
    return capture.recording(of: launcher, staging)
  }
}
#endif
