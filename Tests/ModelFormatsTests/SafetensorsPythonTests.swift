import ModelFormats
import NeuralNetworks
import TestSupport
import Testing

/// Compares files with the format's own library, in both directions.
@Suite struct SafetensorsPythonTests {
  @Test func pythonReadsWhatIsWritten() throws {
    let folder = try TemporaryFolder()
    let model = Sequential(inputShape: [3]) {
      Dense(4, activation: .relu)
      BatchNorm()
      Dense(2)
    }
    try model.build(seed: 3)
    try model.save(to: folder("model"), information: ModelInformation(classNames: ["a", "b"]))
    try Safetensors.save(
      [
        ("mask", Tensor([true, false, true])), ("ä \"\\\n", Tensor([Int32.min, .max], shape: [2, 1])),
        ("none", Tensor([Float](), shape: [0, 3])), ("half", Tensor([0.1, -65504], dtype: .float16)),
        ("scalar", Tensor([Float.leastNonzeroMagnitude], shape: [])),
      ], metadata: ["k": "v\nw"], to: folder("tensors"))
    let script = """
      from safetensors import safe_open
      from safetensors.numpy import load_file
      with safe_open(sys.argv[2], 'np') as f:
          print(sorted(f.metadata()), sorted(f.keys()))
      weights = load_file(sys.argv[2])
      x = np.array([[1, -2, 3]], np.float32)
      h = np.maximum(x @ weights['0.weight'] + weights['0.bias'], 0)
      h = (h - weights['1.runningMean']) / np.sqrt(weights['1.runningVariance'] + np.float32(1e-5))
      print(*(h @ weights['2.weight'] + weights['2.bias']).ravel())
      t = load_file(sys.argv[1])
      print(t['mask'].dtype, t['mask'].tolist(), t['ä "\\\\\\n'].tolist(), t['none'].shape, t['scalar'].shape, t['scalar'].view(np.uint32), t['half'].dtype, t['half'].view(np.uint16).tolist())
      with safe_open(sys.argv[1], 'np') as f:
          print(f.metadata())
      """
    guard let words = try Python.run(script, [folder("tensors"), folder("model")]) else { return }
    let lines = words.split(separator: "\n")
    #expect(
      lines[0] == """
        ['architecture', 'format', 'information', 'swift-nn crc32'] ['0.bias', '0.weight', '1.bias', '1.runningMean', '1.runningVariance', \
        '1.weight', '2.bias', '2.weight']
        """)
    let theirs = lines[1].split(separator: " ").compactMap { Float($0) }
    let ours = try model(Tensor([Float(1), -2, 3], shape: [1, 3]), .inference).scalars()
    #expect(theirs.count == 2 && zip(ours, theirs).allSatisfy { ($0 - $1).magnitude < 1e-5 }, "\(ours) \(theirs)")
    #expect(lines[2] == "bool [True, False, True] [[-2147483648], [2147483647]] (0, 3) () 1 float16 [11878, 64511]")
    #expect(lines[3] == "{'k': 'v\\nw'}")
  }

  @Test func whatPythonWritesIsRead() throws {
    let folder = try TemporaryFolder()
    let script = """
      from safetensors.numpy import save_file
      types = ['float16', 'float32', 'float64', 'int8', 'int16', 'int32', 'int64', 'uint8', 'uint16', 'uint32', 'uint64', 'bool']
      tensors = {t: np.array([[0, 1], [1, 0]], t) for t in types}
      tensors['ä "'] = np.zeros((2, 0, 3), np.float32)
      for t in types[3:8]:
          tensors['limits of ' + t] = np.array([np.iinfo(t).min, np.iinfo(t).max], t)
      tensors['limits of float64'] = np.array([np.finfo("float64").max, 5e-324])
      save_file(tensors, sys.argv[1], metadata={'who': 'python', 'é': '"\\n'})
      print(len(types))
      """
    guard try Python.run(script, [folder("t")]) == "12\n" else { return }
    let file = try Safetensors(folder("t"))
    #expect(file.metadata == ["who": "python", "é": "\"\n"])
    #expect(file.names.count == 19)
    for name in file.names where name != "ä \"" && !name.hasPrefix("limits") {
      let tensor = try #require(try file.tensor(name))
      #expect(try tensor.shape == [2, 2] && tensor.scalars(as: Double.self) == [0, 1, 1, 0], "\(name)")
      #expect(tensor.dtype == (name.contains("float") ? .float32 : name == "bool" ? .bool : .int32), "\(name)")
    }
    #expect(file.shape(of: "ä \"") == [2, 0, 3])
    for (name, dtype, limits) in [
      ("int8", .int8, [-128, 127]), ("int16", .int16, [-32_768, 32_767]), ("int64", .int64, [.min, .max]),
      ("uint8", .uint8, [0, 255]), ("int32", .int32, [Int(Int32.min), Int(Int32.max)]),
    ] as [(String, DType, [Int])] {
      let kept = try #require(try file.tensor(name, keepingTypes: true))
      #expect(try kept.dtype == dtype && kept.scalars(as: Int.self) == [0, 1, 1, 0], "\(name)")
      #expect(try file.tensor("limits of \(name)", keepingTypes: true)?.scalars(as: Int.self) == limits, "\(name)")
    }
    let doubles = try #require(try file.tensor("limits of float64", keepingTypes: true))
    #expect(
      try doubles.dtype == .float64
        && doubles.scalars(as: Double.self) == [.greatestFiniteMagnitude, .leastNonzeroMagnitude])
    // They are written as they were read.
    let kept = try file.names.filter { $0.hasPrefix("limits") }.map { name in
      (name, try #require(try file.tensor(name, keepingTypes: true)))
    }
    try Safetensors.save(kept, to: folder("again"))
    let check = """
      from safetensors.numpy import load_file
      a, b = load_file(sys.argv[1]), load_file(sys.argv[2])
      print(len(b), all(a[n].dtype == b[n].dtype and (a[n] == b[n]).all() for n in b))
      """
    #expect(try Python.run(check, [folder("t"), folder("again")]) == "6 True\n")
  }
}
