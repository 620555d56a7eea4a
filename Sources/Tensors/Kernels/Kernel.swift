import BackendCore

#if OpenCL
internal import BackendOpenCL
#endif

/// A custom OpenCL C kernel on one device.
///
/// ```swift
/// let softsign = try device.kernel(
///   source: """
///     kernel void softsign(global const float *x, global float *y, int count) {
///       int i = get_global_id(0);
///       if (i < count) y[i] = x[i] / (1 + fabs(x[i]));
///     }
///     """, name: "softsign")
/// let y = softsign(.tensor(x), .result(x.shape), .int(x.count), global: [x.count])
/// ```
///
/// A call returns immediately, like an operation. An error is carried by the result and thrown when the result is read.
/// No gradient flows through a kernel by itself; use `withCustomGradient` to provide one. Kernels can be called from
/// any thread.
public struct Kernel: Sendable {
  /// An argument for a parameter of the kernel.
  public enum Argument: Sendable {
    /// The elements of a tensor in row-major order, for a `global const` pointer: float32 is `float`, int32 is `int`,
    /// bool is `uchar` (0 or 1), float16 is `half` or `ushort`, bfloat16 is `ushort`, int8, uint8, int16, and int64 are
    /// `char`, `uchar`, `short`, and `long`, and float64 is `double`. A tensor that does not start at the beginning of its
    /// memory, such as `x[1...]`, is copied first.
    case tensor(Tensor)
    /// Memory for a result of this shape, for a `global` pointer. The kernel must write every element; unwritten
    /// elements are undefined.
    case result([Int], DType = .float32)
    /// A `float`, rounded once.
    case float(Double)
    /// An `int`, saturated.
    case int(Int)
    /// A `uint`, saturated.
    case unsigned(Int)
    /// A `long`.
    case long(Int)
    /// Memory shared by a work-group, for a `local` pointer.
    case local(bytes: Int)
  }

  /// The name of the kernel function.
  public let name: String
  /// The device that runs the kernel.
  public let device: Device
  #if OpenCL
  private let kernel: CustomKernel

  init(_ kernel: CustomKernel, on device: Device) {
    name = kernel.name
    self.kernel = kernel
    self.device = device
  }
  #endif

  /// Enqueues the kernel on the device, and returns its only result.
  /// - Parameters:
  ///   - arguments: One argument for each parameter, in order, with exactly one `.result`.
  ///   - global: The number of work-items along one to three axes, as returned by `get_global_size`.
  ///   - local: The number of work-items of a work-group along the same axes, which must divide `global`; nil lets the
  ///     driver choose.
  /// - Returns: The result. It carries `DeviceError.kernelCall` if the arguments do not match the kernel.
  public func callAsFunction(_ arguments: Argument..., global: [Int], local: [Int]? = nil) -> Tensor {
    checked {
      let results = run(arguments, global: global, local: local)
      guard results.count == 1 else {
        try Checks.fail("kernel", "\(name) was called for one result, with \(results.count)", hint: "use results(…)")
      }
      return results[0]
    }
  }

  /// Enqueues a kernel with any number of results, and returns them in the order of the arguments.
  public func results(_ arguments: Argument..., global: [Int], local: [Int]? = nil) -> [Tensor] {
    run(arguments, global: global, local: local)
  }

  private func run(_ arguments: [Argument], global: [Int], local: [Int]?) -> [Tensor] {
    checked {
      let outputs = try arguments.compactMap { argument -> (extents: Shape, dtype: DType)? in
        guard case .result(let shape, let dtype) = argument else { return nil }
        return (try Checks.extents("kernel", shape), dtype)
      }
      // During shape inference, there are no numbers to compute.
      if arguments.contains(where: { $0.tensor?.device.isShapeOnly ?? false }) {
        return outputs.map { Tensor.uninitialized($0.extents, $0.dtype, on: .shapes) }
      }
      do {
        try check(arguments, global: global, local: local)
        let results = outputs.map { Tensor.uninitialized($0.extents, $0.dtype, on: device) }
        for result in results { try result.checkPoison() }
        if !global.contains(0) { try launch(arguments, results, global: global, local: local) }
        return results
      } catch {
        return outputs.map { Tensor(failure: error, $0.extents, $0.dtype, on: device) }
      }
    }
  }
}

#if OpenCL
extension Kernel {
  private func check(_ arguments: [Argument], global: [Int], local: [Int]?) throws {
    for argument in arguments {
      if case .tensor(let tensor) = argument { try tensor.checkPoison() }
    }
    if let reason = KernelCheck.objection(
      to: arguments, for: kernel.parameters, on: device, global: global, local: local)
    {
      throw DeviceError.kernelCall(kernel: name, reason: reason)
    }
  }

  private func launch(_ arguments: [Argument], _ results: [Tensor], global: [Int], local: [Int]?) throws {
    let target = device.callTarget
    let recorder = target as? CallRecorder
    var next = results.makeIterator()
    var memory: [BufferSlice] = []
    let values = try arguments.map { argument -> CustomKernel.Argument in
      switch argument {
      case .tensor(let tensor):
        // A pointer starts at the beginning of the memory, even if a replay replaces the operand.
        let slice = try tensor.slice
        let isWhole = slice.offset == 0 && recorder?.owns(slice.buffer) ?? true
        memory.append(try (isWhole ? tensor : tensor.copied()).slice)
        return .memory
      case .result:
        if let result = next.next() { memory.append(try result.slice) }
        return .memory
      case .float(let number): return .bytes(bytes(of: Float(number)))
      case .int(let number): return .bytes(bytes(of: Int32(clamping: number)))
      case .unsigned(let number): return .bytes(bytes(of: UInt32(clamping: number)))
      case .long(let number): return .bytes(bytes(of: Int64(number)))
      case .local(let bytes): return .local(bytes: bytes)
      }
    }
    do {
      let (kernel, device) = (kernel, device)
      let launch = CustomOperation(name) { backend, memory in
        guard let backend = backend as? OpenCLBackend else {
          throw DeviceError.unsupported(operation: "kernels in OpenCL C", dtype: .float32, device: "\(device)")
        }
        try kernel.launch(values, memory: memory, global: global, local: local, on: backend)
      }
      try BackendOperation.custom(launch).perform(on: target, memory)
    } catch let refusal as CustomKernel.Refusal {
      throw DeviceError.kernelCall(
        kernel: name,
        reason: "the driver refuses \(global) items in groups of \(local.map { "\($0)" } ?? "its choice"): "
          + refusal.reason)
    }
  }

  private func bytes<Number: BitwiseCopyable>(of number: Number) -> [UInt8] {
    withUnsafeBytes(of: number) { [UInt8]($0) }
  }
}
#else
extension Kernel {
  // Without the trait, kernels cannot be created.
  private func check(_ arguments: [Argument], global: [Int], local: [Int]?) throws {}
  private func launch(_ arguments: [Argument], _ results: [Tensor], global: [Int], local: [Int]?) throws {}
}
#endif

extension Kernel.Argument {
  fileprivate var tensor: Tensor? {
    if case .tensor(let tensor) = self { tensor } else { nil }
  }
}

extension Device {
  /// Compiles a custom OpenCL C program and returns one of its kernels. Keep the kernel: compilation is slow.
  ///
  /// The program consists only of the given source. Every OpenCL device compiles OpenCL C 1.2.
  /// - Parameters:
  ///   - source: The complete program.
  ///   - name: The name of the kernel function.
  /// - Throws: `DeviceError.kernelBuild` with the compiler's log, also if the program does not contain the kernel;
  ///   `DeviceError.unsupported` on a device that is not driven through OpenCL, such as `.cpu`.
  public func kernel(source: String, name: String) throws -> Kernel {
    #if OpenCL
    do {
      // A device that could not be opened throws the reason.
      if let closed = backend as? MetaBackend { try closed.synchronize() }
      if let backend = backend as? OpenCLBackend {
        return Kernel(try backend.customKernel(source: source, name: name), on: self)
      }
    } catch {
      throw DeviceError(error, on: self)
    }
    #endif
    throw DeviceError.unsupported(operation: "kernels in OpenCL C", dtype: .float32, device: "\(self)")
  }
}
