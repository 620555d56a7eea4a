#if OpenCL
internal import BackendCore
internal import COpenCL

/// The location of an operand.
struct Place: @unchecked Sendable, Equatable {
  let block: MemoryBlock
  /// The offset in elements.
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

/// A command that a recording enqueues repeatedly. Its operands keep their location until they are moved.
enum CapturedCommand: Sendable {
  case launch(CapturedLaunch)
  case copy(from: Place, to: Place, bytes: Int)
  case upload([UInt8], to: Place)

  /// The role of an operand in a command.
  enum Role: Sendable {
    case argument(cl_uint)
    case source
    case destination
  }

  /// Changes the location of an operand.
  mutating func move(_ role: Role, to place: Place, _ cl: NNOpenCLFunctions) -> cl_int {
    switch (self, role) {
    case (.launch(let launch), .argument(let index)): return launch.set(index, place, cl)
    case (.copy(_, let destination, let bytes), .source): self = .copy(from: place, to: destination, bytes: bytes)
    case (.copy(let source, _, let bytes), .destination): self = .copy(from: source, to: place, bytes: bytes)
    case (.upload(let bytes, _), .destination): self = .upload(bytes, to: place)
    default: fatalError("a captured command has no operand \(role)")
    }
    return CL_SUCCESS
  }

  /// Releases the driver's objects.
  func release(_ cl: NNOpenCLFunctions) {
    if case .launch(let launch) = self { _ = cl.clReleaseKernel(launch.kernel) }
  }
}

/// A recording's own kernel object, with all of its arguments.
struct CapturedLaunch: @unchecked Sendable {
  let kernel: cl_kernel
  let name: @Sendable () -> String
  /// The size of its operands in bytes.
  let bytes: Int
  let dimensions: cl_uint
  let global: InlineArray<3, Int>
  /// The number of items in a work group; nil to let the driver choose.
  let local: InlineArray<3, Int>?
  /// Whether operands are followed by their offsets.
  let takesOffsets: Bool

  func set(_ index: cl_uint, _ place: Place, _ cl: NNOpenCLFunctions) -> cl_int {
    var memory: cl_mem? = place.memory
    let status = cl.clSetKernelArg(kernel, index, MemoryLayout<cl_mem?>.size, &memory)
    guard status == CL_SUCCESS else { return status }
    guard takesOffsets else {
      // Operands of custom kernels are memory allocated while recording, or copies in such memory.
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
