import BackendCore
import NeuralNetworks

extension Case {
  /// Copies on the device, to it and from it, and a transposition.
  static var copies: [Case] {
    [deviceCopy(1 << 12), deviceCopy(1 << 24), transposition(128), transposition(512), transposition(4096)]
      + [upload(25_088), upload(1 << 22), download(25_088), download(1 << 22)]
  }

  private static func deviceCopy(_ count: Int) -> Case {
    Case(name: "copy", shape: String(count), work: .floats(2 * count), isLarge: count > 1 << 20) { device in
      let backend = device.backend
      let source = BufferSlice(try backend.allocate(count: count, dtype: .float32))
      let destination = BufferSlice(try backend.allocate(count: count, dtype: .float32))
      try backend.fill(source, count: count, with: 1)
      return {
        try backend.copy(source, count: count, into: destination)
        return nil
      }
    }
  }

  private static func transposition(_ size: Int) -> Case {
    Case(name: "transpose", shape: shapeText([size, size]), work: .floats(2 * size * size), isLarge: size > 1024) {
      device in
      let x = operand([size, size], device)
      return { x.transposed() }
    }
  }

  /// 25,088 numbers are a batch of 32 images of 28x28.
  private static func upload(_ count: Int) -> Case {
    Case(name: "upload", shape: String(count), work: .floats(2 * count), isLarge: count > 1 << 20) { device in
      let numbers = [Float](repeating: 1, count: count)
      return { Tensor(numbers, on: device) }
    }
  }

  private static func download(_ count: Int) -> Case {
    Case(name: "download", shape: String(count), work: .floats(2 * count), isLarge: count > 1 << 20) { device in
      let x = operand([count], device)
      return {
        _ = try x.scalars()
        return nil
      }
    }
  }
}
