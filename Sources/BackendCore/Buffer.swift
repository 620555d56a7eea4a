/// Device memory for `count` elements of one type. Each backend has its own subclass and receives only its own buffers.
/// The memory returns to the backend's allocator when the last reference is released.
///
/// A buffer has no shape and is independent of tensors. Its content is undefined until it is written.
open class Buffer: @unchecked Sendable {
  /// The number of elements.
  public final let count: Int
  /// The element type.
  public final let dtype: DType

  /// For subclasses: describes the memory, but does not allocate it.
  public init(count: Int, dtype: DType) {
    self.count = count
    self.dtype = dtype
  }

  /// The size of the elements in bytes.
  @inlinable public final var byteCount: Int { count * dtype.byteCount }
}

/// An operand of a primitive: a buffer and the element where the operand starts.
@frozen
public struct BufferSlice: Sendable {
  /// The memory.
  public let buffer: Buffer
  /// The position of the first element, in elements of the buffer's type.
  public let offset: Int

  /// Creates a slice of the elements of `buffer` starting at `offset`.
  @inlinable public init(_ buffer: Buffer, offset: Int = 0) {
    self.buffer = buffer
    self.offset = offset
  }

  /// The element type of the buffer.
  @inlinable public var dtype: DType { buffer.dtype }

  /// The same buffer, with the offset increased by `elements`.
  @inlinable public func advanced(by elements: Int) -> BufferSlice {
    BufferSlice(buffer, offset: offset + elements)
  }
}
