import BackendCPU
import BackendCore
import Synchronization

/// A CPU that counts uploads.
final class UploadCounter: CallHandler, ForwardingBackend {
  let base: any Backend = CPUBackend(threads: 1)
  let count = Mutex(0)

  func perform(_ operation: BackendOperation, _ operands: [BufferSlice?]) throws {
    if case .upload = operation { count.withLock { $0 += 1 } }
    try operation.perform(on: base, operands)
  }
}
