import BackendCore
import NeuralNetworks

extension Case {
  /// float16 and bfloat16 at a size that no cache holds, where a call takes as long as its bytes. Calls that the backend
  /// does not make itself include the conversions.
  static var halves: [Case] {
    let types: [DType] = [.float16, .bfloat16]
    let (rows, columns) = (4096, 4096), count = rows * columns, matrix = Layout(dense: [rows, columns])
    let row = Layout(broadcasting: [columns], to: [rows, columns])
    let calls = types.flatMap { type in
      [
        half("add", type, of: 3) { try $0.binary(.add, $1[0], matrix, $1[1], matrix, into: $1[2]) },
        half("bias-add", type, of: 2) { try $0.binary(.add, $1[0], matrix, $1[0], row, into: $1[1]) },
        half("relu", type, of: 2) { try $0.unary(.relu, $1[0], count: count, into: $1[1]) },
        half("gelu", type, of: 2) { try $0.unary(UnaryOp(.gelu), $1[0], count: count, into: $1[1]) },
        half("softmax", type, of: 2) {
          try $0.softmax($1[0], rows: rows, columns: columns, logarithmic: false, into: $1[1])
        },
      ]
    }
    let casts = types.flatMap { [cast(from: .float32, to: $0, count), cast(from: $0, to: .float32, count)] }
    return calls + casts
  }

  /// A call on matrices, each of which is read or written once.
  private static func half(
    _ name: String, _ type: DType, of operands: Int, _ call: @escaping (any Backend, [BufferSlice]) throws -> Void
  ) -> Case {
    let count = 4096 * 4096
    return Case(
      name: "\(name) \(type)", shape: "4096x4096", work: .bytes(Double(2 * operands * count)), isLarge: true
    ) { device in
      let backend = WidenedArithmetic(device.backend)
      let slices = try (0..<operands).map { _ in try slab(count, type, backend) }
      return {
        try call(backend, slices)
        return nil
      }
    }
  }

  private static func cast(from: DType, to: DType, _ count: Int) -> Case {
    Case(name: "cast \(from) to \(to)", shape: String(count), work: .bytes(Double(6 * count)), isLarge: true) {
      device in
      let backend = device.backend
      let (x, y) = (try slab(count, from, backend), try slab(count, to, backend))
      return {
        try backend.cast(x, count: count, into: y)
        return nil
      }
    }
  }

  private static func slab(_ count: Int, _ type: DType, _ backend: any Backend) throws -> BufferSlice {
    let slice = BufferSlice(try backend.allocate(count: count, dtype: type))
    try backend.fill(slice, count: count, with: 0.5)
    return slice
  }
}
