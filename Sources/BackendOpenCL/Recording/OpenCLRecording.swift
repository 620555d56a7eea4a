#if OpenCL
public import BackendCore

extension OpenCLBackend {
  /// Records the enqueued commands. A replay neither computes shapes nor allocates memory. Kernel objects retain their
  /// arguments; only locations of substituted buffers are set, and only if they have changed since the last replay.
  public func record(_ body: (any Backend) throws -> Void) throws -> (any Recording)? {
    // An outer recording captures the commands.
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
