import Files
import NeuralNetworks
import TestSupport
import Testing

@testable import ModelFormats

@Suite struct NPYTests {
  func read(_ bytes: [UInt8]) throws -> Tensor {
    let folder = try TemporaryFolder()
    return try NPY.load(folder.write(bytes, "x"))
  }

  static func file(_ head: String, _ data: [UInt8], version: UInt8 = 1) -> [UInt8] {
    let length = head.utf8.count
    let size = version == 1 ? littleEndianBytes(of: UInt16(length)) : littleEndianBytes(of: UInt32(length))
    return [0x93] + Array("NUMPY".utf8) + [version, 0] + size + Array(head.utf8) + data
  }

  @Test func tensorsComeBack() throws {
    let folder = try TemporaryFolder()
    for shape in [[], [6], [2, 3], [1, 2, 3, 1]] {
      let count = shape.reduce(1, *)
      let tensor = Tensor((0..<count).map { Float($0) * 1.5 }, shape: shape)
      try NPY.save(tensor, to: folder("t"))
      let copy = try NPY.load(folder("t"))
      #expect(copy.shape == shape && copy.dtype == .float32)
      #expect(try copy.scalars() == tensor.scalars())
      let bytes = try FileReader.read(folder("t"), limit: 1000)
      #expect(try NPYHeader(bytes, of: bytes.count).start % 64 == 0)
    }
    #expect(try read(NPY.bytes(Tensor([Int32.min, 5]), "t.npy")).scalars(as: Int32.self) == [.min, 5])
    #expect(try read(NPY.bytes(Tensor([true, false]), "t.npy")).scalars(as: Bool.self) == [true, false])
  }

  /// 1, -2, and a number with a different value for each byte; in Fortran order, the columns come first.
  @Test(arguments: ["<", ">"], [false, true])
  func int64KeepsItsTypeOnRequest(order: String, isFortranOrder: Bool) throws {
    let flag = isFortranOrder ? "True" : "False"
    let head = "{'descr': '\(order)i8', 'fortran_order': \(flag), 'shape': (2, 2), }\n"
    let numbers: [Int64] = [1, -2, 0x0102_0304_0506_0708, .min]
    let data = numbers.flatMap { littleEndianBytes(of: UInt64(bitPattern: order == "<" ? $0 : $0.byteSwapped)) }
    let folder = try TemporaryFolder()
    let path = try folder.write(Self.file(head, data), "x.npy")
    let tensor = try NPY.load(path, keepingTypes: true)
    #expect(tensor.dtype == .int64 && tensor.shape == [2, 2])
    let expected = isFortranOrder ? [0, 2, 1, 3].map { numbers[$0] } : numbers
    #expect(try tensor.scalars(as: Int64.self) == expected)
    try NPY.save(tensor, to: folder("y.npy"))
    let bytes = try FileReader.read(folder("y.npy"), limit: 1000)
    #expect(String(decoding: bytes.dropFirst(10), as: UTF8.self).hasPrefix("{'descr': '<i8', 'fortran_order': False"))
    #expect(Array(bytes.suffix(32)) == expected.flatMap { littleEndianBytes(of: UInt64(bitPattern: $0)) })
    for (tensor, code) in [
      (Tensor([1, 255] as [UInt8]), "|u1"), (Tensor([1, -1] as [Int8]), "|i1"), (Tensor([1, -1] as [Int16]), "<i2"),
      (Tensor([0.1], dtype: .float64), "<f8"),
    ] {
      try NPZ.save([("x", tensor)], to: folder("z.npz"), compressed: true)
      let (_, copy) = try #require(try NPZ.load(folder("z.npz"), keepingTypes: true).first)
      #expect(try copy.dtype == tensor.dtype && copy.scalars(as: Double.self) == tensor.scalars(as: Double.self))
      let head = try String(decoding: NPY.bytes(tensor, "x").dropFirst(10), as: UTF8.self)
      #expect(head.hasPrefix("{'descr': '\(code)'"))
    }
  }

  @Test(arguments: ["<", ">"], [false, true])
  func float16KeepsItsTypeOnRequest(order: String, isFortranOrder: Bool) throws {
    let flag = isFortranOrder ? "True" : "False"
    let head = "{'descr': '\(order)f2', 'fortran_order': \(flag), 'shape': (2, 3), }\n"
    // 1, -2, 2^-24, 65504, infinity, and NaN.
    let words: [UInt16] = [0x3C00, 0xC000, 0x0001, 0x7BFF, 0x7C00, 0x7E01]
    let data = words.flatMap { littleEndianBytes(of: order == "<" ? $0 : $0.byteSwapped) }
    let folder = try TemporaryFolder()
    let path = try folder.write(Self.file(head, data), "x.npy")
    let expected = isFortranOrder ? [0, 2, 4, 1, 3, 5].map { words[$0] } : words
    let tensor = try NPY.load(path, keepingTypes: true)
    #expect(tensor.dtype == .float16 && tensor.shape == [2, 3])
    #expect(try tensor.scalars(as: Float16.self).map(\.bitPattern) == expected)
    #expect(try NPY.load(path).dtype == .float32)
    try NPY.save(tensor, to: folder("y.npy"))
    let bytes = try FileReader.read(folder("y.npy"), limit: 1000)
    #expect(String(decoding: bytes.dropFirst(10), as: UTF8.self).hasPrefix("{'descr': '<f2', 'fortran_order': False"))
    #expect(Array(bytes.suffix(12)) == expected.flatMap { littleEndianBytes(of: $0) })
    try NPZ.save([("x", tensor)], to: folder("z.npz"), compressed: true)
    let (name, copy) = try #require(try NPZ.load(folder("z.npz"), keepingTypes: true).first)
    #expect(name == "x" && copy.dtype == .float16)
    #expect(try copy.scalars(as: Float16.self).map(\.bitPattern) == expected)
    #expect(try NPZ.load(folder("z.npz"))[0].tensor.dtype == .float32)
  }

  @Test func bfloat16IsRefusedInOneLine() throws {
    let (folder, tensor) = (try TemporaryFolder(), Tensor([1, 2], dtype: .bfloat16))
    let reason = "NumPy has no bfloat16; save the tensor with Safetensors.save, or .cast(to: .float32)"
    #expect(throws: FormatError.malformed(path: folder("t.npy"), reason: reason)) {
      try NPY.save(tensor, to: folder("t.npy"))
    }
    #expect(throws: FormatError.malformed(path: "\(folder("t.npz")), \"b\"", reason: reason)) {
      try NPZ.save([("a", Tensor([Float(1)])), ("b", tensor)], to: folder("t.npz"))
    }
    #expect(try Folder.names(in: folder.path).isEmpty)
  }

  @Test func fortranOrderIsTurned() throws {
    let head = "{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3), }\n"
    #expect(try read(Self.file(head, [1, 4, 2, 5, 3, 6])).scalars(as: Int32.self) == [1, 2, 3, 4, 5, 6])
    for version: UInt8 in 2...3 {
      #expect(try read(Self.file(head, [1, 4, 2, 5, 3, 6], version: version)).shape == [2, 3])
    }
  }

  @Test func everyTruncationIsAnError() throws {
    let bytes = try NPY.bytes(Tensor([Float(1), 2, 3]), "t.npy")
    for length in bytes.indices { #expect(throws: FormatError.self) { try read(Array(bytes[..<length])) } }
    #expect(throws: FormatError.self) { try read(bytes + [0]) }
  }

  @Test(arguments: [
    "", "{}", "{'descr': '<f4', 'fortran_order': False}", "{'descr': '<f4', 'fortran_order': False, 'shape': (1), }",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }",
    "{'descr': '<f4', 'fortran_order': 0, 'shape': (1,), }",
    "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }",
    "{'descr': 'f4', 'fortran_order': False, 'shape': (1,), }",
    "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'more': True}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} x",
    "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 1, 1, 1, 1, 1, 1, 1)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (1,,)}",
    "{'descr': '<f4, 'fortran_order': False, 'shape': (1,)}", "{'descr': '<f4' 'fortran_order': False, 'shape': (1,)}",
  ])
  func hostileHeadsAreRefused(head: String) {
    #expect(throws: FormatError.self) { try read(Self.file(head, [0, 0, 0, 0])) }
  }

  @Test func otherFilesAreRefused() {
    let good = "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }"
    #expect(throws: Never.self) { try read(Self.file(good, [0, 0, 0, 0])) }
    #expect(throws: FormatError.self) { try read(Self.file(good, [0, 0, 0, 0], version: 4)) }
    #expect(throws: FormatError.self) { try read(Array("PK\u{3}\u{4}........".utf8)) }
    #expect(throws: FormatError.self) {
      try read([0x93] + Array("NUMPY".utf8) + [2, 0, 255, 255, 255, 255] + Array(good.utf8))
    }
  }

  @Test func numpyReadsWhatIsWritten() throws {
    let folder = try TemporaryFolder()
    try NPY.save(Tensor([Float(1.5), -2, 3, 4, 5, 6], shape: [2, 3]), to: folder("f.npy"))
    try NPY.save(Tensor([Int32(7)], shape: []), to: folder("i.npy"))
    try NPY.save(Tensor([true, false]), to: folder("b.npy"))
    for (name, compressed) in [("s.npz", false), ("d.npz", true)] {
      try NPZ.save(
        [("0.weight", Tensor([Float](repeating: 0.5, count: 1000), shape: [10, 100])), ("ä", Tensor([Int32(1), 2]))],
        to: folder(name), compressed: compressed)
    }
    let script = """
      import os; os.chdir(sys.argv[1])
      f, i, b = [np.load(x + '.npy') for x in 'fib']
      print(f.dtype, f.tolist(), i.dtype, i.shape, int(i), b.dtype, b.tolist())
      for name in ['s.npz', 'd.npz']:
          z = np.load(name)
          print(sorted(z.files), z['0.weight'].shape, z['0.weight'].sum(), z['ä'].tolist(), os.path.getsize(name) < 2000)
      """
    guard let words = try Python.run(script, [folder.path]) else { return }
    #expect(
      words == """
        float32 [[1.5, -2.0, 3.0], [4.0, 5.0, 6.0]] int32 () 7 bool [True, False]
        ['0.weight', 'ä'] (10, 100) 500.0 [1, 2] False
        ['0.weight', 'ä'] (10, 100) 500.0 [1, 2] True

        """)
  }

  @Test func whatNumpyWritesIsRead() throws {
    let folder = try TemporaryFolder()
    let script = """
      import os; os.chdir(sys.argv[1])
      a = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
      np.save('c.npy', a); np.save('f.npy', np.asfortranarray(a)); np.save('t.npy', a.transpose(2, 0, 1))
      np.save('e.npy', np.zeros((0, 3), np.float32)); np.save('s.npy', np.float64(2.5))
      for t in ['f2', '>f4', '<f8', '>f8', 'i1', '<i2', '>i4', '<i8', 'u1', '>u2', '<u4', '<u8', '?']:
          np.save('type' + t.replace('>', 'big').replace('<', '').replace('?', 'bool') + '.npy', np.array([0, 1, 1], t))
      np.save('half.npy', np.array([[0.1, 65504, -2**-24], [np.inf, -0.0, 1]], '<f2'))
      np.savez('s.npz', a, w=np.array([1, 2], np.int64))
      np.savez_compressed('d.npz', a, w=np.array([1, 2], np.int64))
      """
    guard try Python.run(script, [folder.path]) != nil else { return }
    let values = (0..<24).map(Float.init)
    for name in ["c.npy", "f.npy"] {
      let tensor = try NPY.load(folder(name))
      #expect(tensor.shape == [2, 3, 4])
      #expect(try tensor.scalars() == values)
    }
    let turned = try NPY.load(folder("t.npy"))
    #expect(turned.shape == [4, 2, 3])
    #expect(try turned.scalars()[..<7] == [0, 4, 8, 12, 16, 20, 1])
    #expect(try NPY.load(folder("e.npy")).shape == [0, 3])
    #expect(try NPY.load(folder("s.npy")).scalars() == [2.5])
    let half = try NPY.load(folder("half.npy"), keepingTypes: true)
    #expect(half.dtype == .float16 && half.shape == [2, 3])
    #expect(
      try half.scalars(as: Float16.self).map(\.bitPattern) == [0x2E66, 0x7BFF, 0x8001, 0x7C00, 0x8000, 0x3C00])
    let types = try Folder.names(in: folder.path).filter { $0.hasPrefix("type") }
    #expect(types.count == 13)
    for name in types { #expect(try NPY.load(folder(name)).scalars(as: Double.self) == [0, 1, 1], "\(name)") }
    for name in ["s.npz", "d.npz"] {
      let tensors = try NPZ.load(folder(name))
      #expect(Set(tensors.map(\.name)) == ["arr_0", "w"])
      for (name, tensor) in tensors { #expect(try tensor.scalars() == (name == "w" ? [1, 2] : values)) }
    }
  }
}
