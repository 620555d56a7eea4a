@preconcurrency import HostSystem
import BackendCore

/// The protocol of all errors of this package. The description is a one-line message, and
/// `catch let error as any NeuralNetworksError` needs no further import.
public protocol NeuralNetworksError: Error, Sendable, CustomStringConvertible {
  /// The exit code of a command that fails with this error.
  var exitCode: Int32 { get }
}

extension NeuralNetworksError {
  /// 1, unless an error specifies another code.
  public var exitCode: Int32 { 1 }
}

/// An error of a device.
public enum DeviceError: NeuralNetworksError {
  /// The device does not exist. `found` lists the available devices or the reason why there are none.
  case unavailable(requested: String, found: [String])
  /// The device is out of memory, even after releasing its cache.
  case outOfMemory(requestedBytes: Int, liveBytes: Int, limitBytes: Int)
  /// A kernel failed to compile; the log is from the compiler.
  case kernelBuild(program: String, log: String)
  /// A custom kernel was called with arguments or work-items that do not match it.
  case kernelCall(kernel: String, reason: String)
  /// The device failed or disappeared and cannot be used any more.
  case lost(device: String, reason: String)
  /// The device does not support this operation for this element type.
  case unsupported(operation: String, dtype: DType, device: String)
  /// A layer reads numbers (`item()`, `scalars()`) during shape inference, when tensors have no numbers.
  case noNumbers(reason: String)
  /// The axis has too many elements for positions of type int32, the index type.
  case tooManyPositions(operation: String, extent: Int)
  /// The tensor stands for the result of an operation with incompatible operands. A layer kept it from shape inference.
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
    case .unsupported(let operation, let dtype, let device):
      BackendError.unsupported(operation: operation, dtype: dtype, device: device).description
    case .noNumbers(let reason): reason
    case .tooManyPositions(let operation, let extent):
      BackendError.tooManyPositions(operation: operation, extent: extent).description
    case .invalidOperation(let reason): reason
    }
  }

  /// 3, whether the device does not exist or has failed.
  public var exitCode: Int32 { 3 }

  /// Converts an error to the error type of this module.
  package init(_ error: any Error, on device: Device) {
    switch error {
    case let error as DeviceError: self = error
    case let error as BackendError: self.init(error)
    case let error as HostMemory.Shortage: self.init(error)
    default: self = .lost(device: device.name, reason: "\(error)")
    }
  }

  /// Converts the error of a check of the host's memory.
  package init(_ shortage: HostMemory.Shortage) {
    self = .outOfMemory(requestedBytes: shortage.bytes, liveBytes: 0, limitBytes: shortage.available)
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
