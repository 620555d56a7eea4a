#if OpenCL
package import BackendCore
internal import COpenCL
import Synchronization

/// A kernel function of a user-defined program. It can be launched from any thread.
package final class CustomKernel: Sendable {
  /// The compiler's information about an argument.
  package struct Parameter: Sendable {
    package enum Place: Sendable { case global, constant, local, value }
    package let place: Place
    /// The type in the compiler's spelling, such as "float*" or "uint".
    package let type: String
    package let name: String
    /// Whether the kernel cannot write through the pointer.
    package let isConstant: Bool
  }

  /// The value of an argument.
  package enum Argument: Sendable {
    /// The next buffer in the list passed to the call.
    case memory
    case bytes([UInt8])
    case local(bytes: Int)
  }

  /// A call that the driver rejects without affecting the device.
  package struct Refusal: Error {
    package let reason: String
  }

  private struct Handle: @unchecked Sendable {
    let program: cl_program
    let kernel: cl_kernel
  }

  package let name: String
  /// The parameters in order.
  package let parameters: [Parameter]
  private let context: OpenCLContext
  /// Arguments belong to the kernel object until it is enqueued.
  private let handle: Mutex<Handle>

  init(name: String, program: cl_program, kernel: cl_kernel, context: OpenCLContext) throws {
    self.name = name
    self.context = context
    handle = Mutex(Handle(program: program, kernel: kernel))
    parameters = try CustomKernel.parameters(of: kernel, context)
  }

  deinit {
    handle.withLock {
      _ = context.cl.clReleaseKernel($0.kernel)
      _ = context.cl.clReleaseProgram($0.program)
    }
  }

  /// Enqueues the kernel.
  /// - Parameters:
  ///   - arguments: One for each parameter.
  ///   - memory: The buffers for arguments that are memory, in order. Each is passed from its start.
  ///   - global: The number of work items along one to three axes.
  ///   - local: The number of items in a work group along the same axes; nil to let the driver choose.
  ///   - backend: The backend of the kernel's device, or the one that translates a recording for it.
  /// - Throws: `Refusal`, `BackendError`.
  package func launch(
    _ arguments: [Argument], memory: [BufferSlice], global: [Int], local: [Int]?, on backend: OpenCLBackend
  ) throws {
    try context.checkUsable()
    if let capture = backend.capture {
      return try self.capture(arguments, memory, global: global, local: local, in: capture)
    }
    let status = handle.withLock { handle in
      let status = set(arguments, memory, of: handle.kernel)
      guard status == CL_SUCCESS else { return status }
      return context.profiled(name, bytes: CustomKernel.bytes(of: memory)) { event in
        context.cl.clEnqueueNDRangeKernel(
          context.queue, handle.kernel, cl_uint(global.count), nil, global, local, 0, nil, event)
      }
    }
    // Driver errors that concern only the call itself.
    let refusals = [
      CL_INVALID_ARG_VALUE, CL_INVALID_ARG_SIZE, CL_INVALID_KERNEL_ARGS, CL_INVALID_WORK_GROUP_SIZE,
      CL_INVALID_WORK_ITEM_SIZE, CL_INVALID_GLOBAL_WORK_SIZE, CL_INVALID_WORK_DIMENSION,
    ]
    if refusals.contains(status) { throw Refusal(reason: OpenCLLibrary.name(of: status)) }
    try context.check(status, "kernel \(name)")
  }

  /// Creates a kernel object with these arguments for replays.
  private func capture(
    _ arguments: [Argument], _ memory: [BufferSlice], global: [Int], local: [Int]?, in capture: CommandCapture
  ) throws {
    let program = handle.withLock { $0 }.program
    guard let kernel = context.cl.clCreateKernel(program, name, nil) else { throw CaptureFailure() }
    guard set(arguments, memory, of: kernel) == CL_SUCCESS else {
      _ = context.cl.clReleaseKernel(kernel)
      throw CaptureFailure()
    }
    func axes(_ extents: [Int]) -> InlineArray<3, Int> { InlineArray { $0 < extents.count ? extents[$0] : 1 } }
    let name = name
    let launch = CapturedLaunch(
      kernel: kernel, name: { name }, bytes: CustomKernel.bytes(of: memory), dimensions: cl_uint(global.count),
      global: axes(global), local: local.map(axes), takesOffsets: false)
    var buffers = memory.makeIterator()
    let operands = arguments.enumerated().compactMap { index, argument -> KernelOperand? in
      guard case .memory = argument, let slice = buffers.next() else { return nil }
      return KernelOperand(index: cl_uint(index), slice: slice)
    }
    capture.add(launch, operands: operands)
  }

  private func set(_ arguments: [Argument], _ memory: [BufferSlice], of kernel: cl_kernel) -> cl_int {
    var buffers = memory.makeIterator()
    for (index, argument) in arguments.enumerated() {
      let status = set(argument, memory: &buffers, at: cl_uint(index), of: kernel)
      guard status == CL_SUCCESS else { return status }
    }
    return CL_SUCCESS
  }

  private func set(
    _ argument: Argument, memory: inout IndexingIterator<[BufferSlice]>, at index: cl_uint, of kernel: cl_kernel
  ) -> cl_int {
    switch argument {
    case .memory:
      var memory = memory.next()?.memory
      return context.cl.clSetKernelArg(kernel, index, MemoryLayout<cl_mem?>.size, &memory)
    case .bytes(let bytes): return context.cl.clSetKernelArg(kernel, index, bytes.count, bytes)
    case .local(let bytes): return context.cl.clSetKernelArg(kernel, index, bytes, nil)
    }
  }

  private static func bytes(of memory: [BufferSlice]) -> Int {
    memory.reduce(0) { $0 + $1.buffer.count * $1.dtype.byteCount }
  }

  // MARK: Information from the compiler

  private static func parameters(of kernel: cl_kernel, _ context: OpenCLContext) throws -> [Parameter] {
    var count: cl_uint = 0
    let key = cl_kernel_info(CL_KERNEL_NUM_ARGS)
    try context.check(
      context.cl.clGetKernelInfo(kernel, key, MemoryLayout<cl_uint>.size, &count, nil), "clGetKernelInfo")
    return (0..<count).map { parameter($0, of: kernel, context.cl) }
  }

  private static func parameter(_ index: cl_uint, of kernel: cl_kernel, _ cl: NNOpenCLFunctions) -> Parameter {
    func number<Number: FixedWidthInteger>(_ key: Int32) -> Number {
      var value: Number = 0
      _ = cl.clGetKernelArgInfo(kernel, index, cl_kernel_arg_info(key), MemoryLayout<Number>.size, &value, nil)
      return value
    }
    func text(_ key: Int32) -> String {
      var bytes = [UInt8](repeating: 0, count: 256)
      let status = cl.clGetKernelArgInfo(kernel, index, cl_kernel_arg_info(key), bytes.count, &bytes, nil)
      return status == CL_SUCCESS ? String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self) : ""
    }
    let address: cl_kernel_arg_address_qualifier = number(CL_KERNEL_ARG_ADDRESS_QUALIFIER)
    let qualifiers: cl_kernel_arg_type_qualifier = number(CL_KERNEL_ARG_TYPE_QUALIFIER)
    let place: Parameter.Place =
      switch Int32(address) {
      case CL_KERNEL_ARG_ADDRESS_GLOBAL: .global
      case CL_KERNEL_ARG_ADDRESS_CONSTANT: .constant
      case CL_KERNEL_ARG_ADDRESS_LOCAL: .local
      default: .value
      }
    let isConstant = place == .constant || qualifiers & cl_kernel_arg_type_qualifier(CL_KERNEL_ARG_TYPE_CONST) != 0
    return Parameter(
      place: place, type: text(CL_KERNEL_ARG_TYPE_NAME), name: text(CL_KERNEL_ARG_NAME), isConstant: isConstant)
  }
}

extension OpenCLBackend {
  /// Compiles a user-defined program and returns a kernel from it.
  /// - Throws: `BackendError.kernelBuild` with the compiler's log, also if the program does not contain the kernel.
  package func customKernel(source: String, name: String) throws -> CustomKernel {
    try context.checkUsable()
    let (program, kernel) = try launcher.programs.customKernel(source: source, name: name)
    return try CustomKernel(name: name, program: program, kernel: kernel, context: context)
  }
}
#endif
