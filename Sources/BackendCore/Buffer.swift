/// Memory of a device that holds `count` elements of one type. Each backend has a subclass of its own and gets only its
/// own buffers back; the memory returns to the backend's allocator when the last reference goes.
///
/// A buffer carries no shape and knows nothing of tensors. Its content is undefined until it is written.
open class Buffer: @unchecked Sendable {
  /// The number of elements.
  public final let count: Int
  /// The element type.
  public final let dtype: DType

  /// For subclasses: what the memory holds, not the memory itself.
  public init(count: Int, dtype: DType) {
    self.count = count
    self.dtype = dtype
  }

  /// The bytes that the elements take.
  @inlinable public final var byteCount: Int { count * dtype.byteCount }
}

/// An operand of a primitive: a buffer, and the element at which the operand starts.
@frozen
public struct BufferSlice: Sendable {
  /// The memory.
  public let buffer: Buffer
  /// The first element, counted in elements of the buffer's type.
  public let offset: Int

  /// The elements of `buffer` from `offset` on.
  @inlinable public init(_ buffer: Buffer, offset: Int = 0) {
    self.buffer = buffer
    self.offset = offset
  }

  /// The element type of the buffer.
  @inlinable public var dtype: DType { buffer.dtype }

  /// The same buffer, `elements` further on.
  @inlinable public func advanced(by elements: Int) -> BufferSlice {
    BufferSlice(buffer, offset: offset + elements)
  }
}
