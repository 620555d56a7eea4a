#if OpenCL
public import BackendCore

extension OpenCLBackend {
  /// Records the calls and translates them to commands. A replay neither computes shapes nor allocates memory. Kernel
  /// objects retain their arguments; only locations of substituted buffers are set, and only if they have changed since the
  /// last replay.
  public func record(_ body: (any Backend) throws -> Void) throws -> (any Recording)? {
    let recorder = CallRecorder(self)
    try body(recorder)
    guard let planned = recorder.planned() else { return nil }
    let capture = CommandCapture(context, pool)
    let backend = OpenCLBackend(self, capturing: capture)
    do {
      try planned.forEach { call, operands in try capture.perform(call, operands, of: planned.list, on: backend) }
    } catch {
      // The calls have been made, so a lack of memory for repeating them is not an error.
      return nil
    }
    return capture.recording(of: planned, launcher, staging)
  }
}
#endif
