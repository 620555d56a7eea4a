/// The element types of PyTorch's storages. Those that are not a `StoredElement` are recognized, but not read.
enum TorchType: String, Sendable, CaseIterable {
  case float64, float32, float16, bfloat16
  case int64, int32, int16, int8
  case uint64, uint32, uint16, uint8
  case bool
  case complex64, complex128
  case float8E4M3 = "float8_e4m3fn"
  case float8E5M2 = "float8_e5m2"
  case float8E4M3Unsigned = "float8_e4m3fnuz"
  case float8E5M2Unsigned = "float8_e5m2fnuz"
  case float8E8M0 = "float8_e8m0fnu"

  /// The same type of files in general; nil if it cannot be read.
  var element: StoredElement? { StoredElement(rawValue: rawValue) }

  /// The size of an element in bytes.
  var size: Int {
    switch self {
    case .complex64: 8
    case .complex128: 16
    default: element?.size ?? 1
    }
  }

  /// The types of the classes of storages, such as `torch.FloatStorage`.
  static let storages: [String: TorchType] = [
    "DoubleStorage": .float64, "FloatStorage": .float32, "HalfStorage": .float16, "BFloat16Storage": .bfloat16,
    "LongStorage": .int64, "IntStorage": .int32, "ShortStorage": .int16, "CharStorage": .int8, "ByteStorage": .uint8,
    "BoolStorage": .bool, "ComplexFloatStorage": .complex64, "ComplexDoubleStorage": .complex128,
  ]
}

/// A tensor as a pickle describes it: a view of a storage. Nothing in it has been compared with the storage yet.
struct TorchTensor: Sendable {
  let storage: TorchStorage
  let type: TorchType
  /// The position of the first element in the storage.
  let offset: Int
  let shape: [Int]
  let strides: [Int]

  struct Failure: Error {
    let reason: String
  }

  /// Returns the range of the storage's elements that the tensor reads.
  /// - Parameter bytes: The size of the storage.
  /// - Throws: If the numbers make no sense, or the range is not within the storage.
  func range(inStorageOf bytes: Int) throws(Failure) -> Range<Int> {
    if shape.count != strides.count || (shape + strides + [offset]).contains(where: { $0 < 0 }) {
      throw Failure(
        reason: "its offset \(offset), shape \(shape.prefix(20)), and strides \(strides.prefix(20)) make no sense")
    }
    let available = bytes / type.size
    if shape.contains(0) {
      if StoredElement.uint8.byteCount(shape) == nil {
        throw Failure(reason: "its shape \(shape.prefix(20)) has more elements than can be counted")
      }
      return 0..<0
    }
    var (last, count) = (offset, 1)
    for (extent, stride) in zip(shape, strides) {
      let (distance, far) = (extent - 1).multipliedReportingOverflow(by: stride)
      let (sum, beyond) = last.addingReportingOverflow(distance)
      let (product, large) = count.multipliedReportingOverflow(by: extent)
      if far || beyond || large || sum >= available {
        throw Failure(reason: "it reaches beyond the \(available) elements of its storage")
      }
      (last, count) = (sum, product)
    }
    if last >= available { throw Failure(reason: "it reaches beyond the \(available) elements of its storage") }
    // A few bytes can claim any number of elements with strides of 0.
    if count > available {
      throw Failure(reason: "it repeats the elements of its storage (expand): save its clone() in Python")
    }
    return offset..<last + 1
  }
}

/// A storage as a pickle describes it.
struct TorchStorage: Sendable {
  /// The name of its file in the archive.
  let key: String
  /// The type of its elements; nil for an untyped storage.
  let type: TorchType?
  /// The number of its elements; of its bytes if it is untyped.
  let count: Int
}
