import BackendCore

/// Every error of this package: one line for people, nothing to import for `catch let error as any NeuralNetworksError`.
public protocol NeuralNetworksError: Error, Sendable, CustomStringConvertible {
  /// The exit code of a command that stops because of this error.
  var exitCode: Int32 { get }
}

extension NeuralNetworksError {
  /// 1, unless an error says otherwise.
  public var exitCode: Int32 { 1 }
}

/// What goes wrong with devices.
public enum DeviceError: NeuralNetworksError {
  /// There is no such device; `found` lists those there are, or says why there are none.
  case unavailable(requested: String, found: [String])
  /// The device has no room, also after what was cached has been given back.
  case outOfMemory(requestedBytes: Int, liveBytes: Int, limitBytes: Int)
  /// A kernel did not compile; the log is the compiler's.
  case kernelBuild(program: String, log: String)
  /// A kernel of your own was called with arguments or work items that do not fit it.
  case kernelCall(kernel: String, reason: String)
  /// The device failed or vanished; nothing works on it any more.
  case lost(device: String, reason: String)
  /// The device has no such operation for this element type.
  case unsupported(operation: String, dtype: DType, device: String)
  /// A layer reads numbers (`item()`, `scalars()`) while its model infers shapes, when there are none.
  case noNumbers(reason: String)
  /// Positions along an axis of so many elements do not fit int32, the type of indices.
  case tooManyPositions(operation: String, extent: Int)
  /// The tensor stands for the result of an operation whose operands do not fit; a layer kept it from when its model inferred
  /// its shapes.
  case invalidOperation(reason: String)

  public var description: String {
    switch self {
    case .unavailable(let requested, let found):
      "device \"\(requested)\" is not available; found: \(found.isEmpty ? "nothing" : found.joined(separator: ", "))"
    case .outOfMemory(let requested, let live, let limit):
      "out of device memory: \(requested) bytes asked for, \(live) in use, limit \(limit)"
    case .kernelBuild(let program, let log): "kernels \"\(program)\" did not build: \(log)"
    case .kernelCall(let kernel, let reason): "kernel \(kernel) cannot be called so: \(reason)"
    case .lost(let device, let reason): "device \(device) was lost: \(reason)"
    case .unsupported(let operation, let dtype, let device): "\(device) has no \(operation) for \(dtype)"
    case .noNumbers(let reason): reason
    case .tooManyPositions(let operation, let extent):
      BackendError.tooManyPositions(operation: operation, extent: extent).description
    case .invalidOperation(let reason): reason
    }
  }

  /// The exit code of a command that stops because of it: 3, whether the device is not there or failed.
  public var exitCode: Int32 { 3 }

  /// The error in the terms of this module.
  package init(_ error: any Error, on device: Device) {
    switch error {
    case let error as DeviceError: self = error
    case let error as BackendError: self.init(error)
    default: self = .lost(device: device.name, reason: "\(error)")
    }
  }

  init(_ error: BackendError) {
    switch error {
    case .outOfMemory(let requested, let live, let limit):
      self = .outOfMemory(requestedBytes: requested, liveBytes: live, limitBytes: limit)
    case .kernelBuild(let program, let log): self = .kernelBuild(program: program, log: log)
    case .deviceLost(let device, let reason): self = .lost(device: device, reason: reason)
    case .unsupported(let operation, let dtype, let device):
      self = .unsupported(operation: operation, dtype: dtype, device: device)
    case .tooManyPositions(let operation, let extent):
      self = .tooManyPositions(operation: operation, extent: extent)
    }
  }
}
