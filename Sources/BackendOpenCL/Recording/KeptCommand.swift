#if OpenCL
internal import BackendCore
internal import COpenCL

/// Where an operand lies.
struct Place: @unchecked Sendable, Equatable {
  let block: MemoryBlock
  /// In elements.
  let offset: Int
  let elementBytes: Int

  init(_ slice: BufferSlice) {
    block = slice.block
    offset = slice.offset
    elementBytes = slice.dtype.byteCount
  }

  private init(_ block: MemoryBlock, _ offset: Int, _ elementBytes: Int) {
    self.block = block
    self.offset = offset
    self.elementBytes = elementBytes
  }

  var memory: cl_mem { block.memory }
  var byteOffset: Int { offset * elementBytes }

  func advanced(by elements: Int) -> Place { Place(block, offset + elements, elementBytes) }

  static func == (a: Place, b: Place) -> Bool { a.block.number == b.block.number && a.offset == b.offset }
}

/// A command that a recording puts into the queue again and again. Its operands lie where they did, until they are moved.
enum KeptCommand: Sendable {
  case launch(KeptLaunch)
  case copy(from: Place, to: Place, bytes: Int)
  case upload([UInt8], to: Place)

  /// What an operand is to a command.
  enum Role: Sendable {
    case argument(cl_uint)
    case source
    case destination
  }

  /// Lets an operand lie somewhere else from now on.
  mutating func move(_ role: Role, to place: Place, _ cl: NNOpenCLFunctions) -> cl_int {
    switch (self, role) {
    case (.launch(let launch), .argument(let index)): return launch.set(index, place, cl)
    case (.copy(_, let destination, let bytes), .source): self = .copy(from: place, to: destination, bytes: bytes)
    case (.copy(let source, _, let bytes), .destination): self = .copy(from: source, to: place, bytes: bytes)
    case (.upload(let bytes, _), .destination): self = .upload(bytes, to: place)
    default: fatalError("a kept command has no operand \(role)")
    }
    return CL_SUCCESS
  }

  /// Gives the driver's objects back.
  func release(_ cl: NNOpenCLFunctions) {
    if case .launch(let launch) = self { _ = cl.clReleaseKernel(launch.kernel) }
  }
}

/// A kernel object of a recording's own, with all its arguments.
struct KeptLaunch: @unchecked Sendable {
  let kernel: cl_kernel
  let name: @Sendable () -> String
  /// Bytes of its operands.
  let bytes: Int
  let dimensions: cl_uint
  let global: InlineArray<3, Int>
  /// Items of a work group; nil leaves it to the driver.
  let local: InlineArray<3, Int>?
  /// Operands are followed by their offsets.
  let takesOffsets: Bool

  func set(_ index: cl_uint, _ place: Place, _ cl: NNOpenCLFunctions) -> cl_int {
    var memory: cl_mem? = place.memory
    let status = cl.clSetKernelArg(kernel, index, MemoryLayout<cl_mem?>.size, &memory)
    guard status == CL_SUCCESS else { return status }
    guard takesOffsets else {
      // Operands of users' kernels are memory of the recording, or copies that begin where their memory does.
      guard place.offset == 0 else { fatalError("\(name()) cannot be told where its operand begins") }
      return status
    }
    var offset = UInt64(place.offset)
    return cl.clSetKernelArg(kernel, index + 1, MemoryLayout<UInt64>.size, &offset)
  }

  func enqueue(_ context: OpenCLContext) -> cl_int {
    context.profiled(name(), bytes: bytes) { event in
      global.span.withUnsafeBufferPointer { global in
        guard let local else {
          return context.cl.clEnqueueNDRangeKernel(
            context.queue, kernel, dimensions, nil, global.baseAddress, nil, 0, nil, event)
        }
        return local.span.withUnsafeBufferPointer { local in
          context.cl.clEnqueueNDRangeKernel(
            context.queue, kernel, dimensions, nil, global.baseAddress, local.baseAddress, 0, nil, event)
        }
      }
    }
  }
}
#endif
