import Files
import NeuralNetworks
import TestSupport
import Testing

@testable import ModelFormats

/// Malicious files: rejected with the name of the file and a reason, quickly, and before memory is allocated.
@Suite struct HostileFileTests {
  /// The error of reading, without the path.
  func fault(_ path: String, _ read: (String) throws -> Void) -> String {
    do {
      try read(path)
      return "none"
    } catch let error as FormatError { return error.description.replacing(path + ": ", with: "") } catch {
      return "another error: \(error)"
    }
  }

  @Test func filesThatClaimMoreThanMemory() throws {
    let folder = try TemporaryFolder()
    let size = TemporaryFolder.holeSize
    // A valid header and its data; only the numbers are missing.
    var head = ""
    var length = 0
    while length != head.utf8.count + 8 || head.isEmpty {
      length = head.utf8.count + 8
      head = #"{"x":{"dtype":"U8","shape":[\#(size - length)],"data_offsets":[0,\#(size - length)]}}"#
    }
    try folder.writeHole("tensors", after: SafetensorsTests.file(head, []))
    let words = fault(folder("tensors")) { path in _ = try Safetensors(path).tensor("x") }
    #expect(words.hasPrefix("tensor \"x\", it needs \(8 * (size - length)) bytes of memory; "), "\(words)")
    try folder.writeHole("array")
    #expect(fault(folder("array")) { _ = try NPY.load($0) } == "\(size) bytes are more than the limit of \(1 << 36)")
    #expect(fault(folder("array")) { _ = try NPZ.load($0) } == "\(size) bytes are more than the limit of \(1 << 32)")
    #expect(fault(folder("array")) { _ = try Architecture.load(from: $0) }.contains("more than the limit"))
    #expect(fault(folder("array")) { _ = try Safetensors($0) }.contains("the head is not a JSON object"))
    try folder.writeHole("claim", after: littleEndianBytes(of: UInt64(1) << 60))
    #expect(fault(folder("claim")) { _ = try Safetensors($0) }.contains("a head of \(1 << 60) bytes"))
  }

  /// An archive with one compressed array of zeros, whose directory claims any size.
  func bomb(_ folder: TemporaryFolder, claiming size: UInt32? = nil) throws -> String {
    try NPZ.save([("a", .zeros([1_000_000]))], to: folder("bomb"), compressed: true)
    var bytes = try FileReader.read(folder("bomb"), limit: 1 << 20)
    let directory = Int(littleEndian(bytes, bytes.count - 6) as UInt32)
    if let size { bytes.replaceSubrange(directory + 24..<directory + 28, with: littleEndianBytes(of: size)) }
    #expect(bytes.count < 10_000)
    return try folder.write(bytes, "bomb")
  }

  @Test func bombsClaimWhatTheyLike() throws {
    let folder = try TemporaryFolder()
    #expect(
      fault(try bomb(folder)) { _ = try NPZ.load($0, limit: 100_000) }.contains(
        "4000128 bytes; the limit leaves 100000"))
    #expect(
      fault(try bomb(folder, claiming: 1000)) { _ = try NPZ.load($0) }.contains("does not take 872 bytes"))
    #expect(fault(try bomb(folder, claiming: 0)) { _ = try NPZ.load($0) }.contains("it is not a NumPy array file"))
    #expect(
      fault(try bomb(folder, claiming: 4_000_129)) { _ = try NPZ.load($0) }.contains("does not take 4000001 bytes"))
    #expect(
      fault(try bomb(folder, claiming: 4_294_967_294)) { _ = try NPZ.load($0) }.contains("more than it can unpack"))
  }

  @Test(arguments: ["../a", "/a", "x/../../a", "..\\a", "\\a", "C:\\a", "C:/a", ""])
  func namesThatLeadOutOfAnArchive(_ name: String) throws {
    let folder = try TemporaryFolder()
    if !name.isEmpty {
      #expect(
        fault(folder("t")) { try NPZ.save([(name, Tensor(1))], to: $0) }
          == "the name \"\(name)\" leads out of the archive")
      #expect(try Folder.names(in: folder.path) == [])
    }
    // Another program wrote it.
    try FileWriter.write(archive(name.isEmpty ? "" : name + ".npy"), to: folder("t"))
    #expect(fault(folder("t")) { _ = try NPZ.load($0) }.contains("leads out of the archive"))
    try FileWriter.write(archive("x/..a/b...npy"), to: folder("t"))
    #expect(try NPZ.load(folder("t")).map(\.name) == ["x/..a/b.."])
  }

  /// An archive with one array.
  func archive(_ name: String) throws -> [UInt8] {
    let folder = try TemporaryFolder()
    var writer = try ZipWriter(folder("t"))
    try writer.append(name, NPY.bytes(Tensor(1), name), deflating: false)
    try writer.finish()
    return try FileReader.read(folder("t"), limit: 1 << 16)
  }

  @Test func messagesAreOneLine() throws {
    let folder = try TemporaryFolder()
    let head = #"{"a\nb\u001b[31m\u2028":{"dtype":"F32","shape":[],"data_offsets":[0,0]}}"#
    try folder.write(SafetensorsTests.file(head, []), "t")
    #expect(
      fault(folder("t")) { _ = try Safetensors($0) }
        == #"tensor "a\nb\u{1B}[31m\u{2028}" of shape [] and type F32 does not have 0 bytes"#)
  }

  @Test(arguments: [
    (String(repeating: "[", count: 1_000_000), "more than 64 arrays and objects inside one another"),
    ("[" + String(repeating: "0,", count: 2_000_000) + "0]", "more than 2000000 values"),
    (#"{"layers": [{"layer": "Dense", "units": 1e999}]}"#, "the number is too large"),
    (#"{"layers": [{"layer": "Dense", "units": 9223372036854775808}]}"#, "layers[0].units"),
    (#"{"layers": [{"layer": "Dense", "units": 1e300}]}"#, "layers[0].units"),
    (#"{"layers": [], "layers": []}"#, "occurs twice"),
    (
      #"{"layers": [{"layer": "Dense", "units": \#(String(repeating: "9", count: 100_000))}]}"#,
      "the number is too large"
    ),
  ])
  func descriptionsOfModels(_ text: String, _ words: String) throws {
    let folder = try TemporaryFolder()
    let found = fault(try folder.write(text, "t")) { _ = try Architecture.load(from: $0) }
    #expect(found.contains(words) && found.utf8.count < 1000, "\(found.prefix(300))")
  }

  @Test(arguments: [
    #"{"layer": "Dense", "units": 9223372036854775807}"#, #"{"layer": "Dense", "units": -1}"#,
    #"{"layer": "Conv2D", "filters": 4611686018427387904, "kernel": [3, 3]}"#,
    #"{"layer": "Conv2D", "filters": 1, "kernel": [9223372036854775807, 9223372036854775807]}"#,
    #"{"layer": "EinsumDense", "equation": "...a,ab->...b", "outputShape": [9223372036854775807]}"#,
    #"{"layer": "EinsumDense", "equation": "...a,bac->...bc", "outputShape": [4611686018427387904, 4]}"#,
    #"{"layer": "EinsumDense", "equation": "...a,a->...", "outputShape": []}"#,
    #"{"layer": "EinsumDense", "equation": "", "outputShape": [-9223372036854775808]}"#,
    #"{"layer": "STFTSpectrogram", "frameLength": 9223372036854775807}"#,
    #"{"layer": "STFTSpectrogram", "frameLength": 3, "fftLength": 9223372036854775806}"#,
    #"{"layer": "STFTSpectrogram", "frameLength": 3, "frameStep": -9223372036854775808}"#,
    #"{"layer": "STFTSpectrogram", "frameLength": 3, "padding": 16777216, "fftLength": 16777216}"#,
    #"{"layer": "STFTSpectrogram", "frameLength": 3, "window": [1e308, 1e308, 1e308]}"#,
    #"{"layer": "MelSpectrogram", "fftLength": 9223372036854775807}"#,
    #"{"layer": "MelSpectrogram", "fftLength": 4, "sequenceStride": 9223372036854775807}"#,
    #"{"layer": "MelSpectrogram", "fftLength": 4, "sequenceLength": -9223372036854775808}"#,
    #"{"layer": "MelSpectrogram", "fftLength": 4, "melBins": 9223372036854775807}"#,
    #"{"layer": "MelSpectrogram", "fftLength": 4, "samplingRate": -1e308}"#,
    #"{"layer": "MelSpectrogram", "fftLength": 4, "minFrequency": 1e308}"#,
    #"{"layer": "Embedding", "tokens": 4611686018427387904, "width": 4611686018427387904}"#,
    #"{"layer": "ZeroPadding2D", "top": 9223372036854775807, "bottom": 9223372036854775807}"#,
    #"{"layer": "ZeroPadding2D", "top": 16777216, "bottom": 16777216, "left": 16777216}"#,
    #"{"layer": "UpSampling2D", "factor": [9223372036854775807, 2]}"#,
    #"{"layer": "Resizing", "size": 9223372036854775807}"#, #"{"layer": "Resizing", "size": [2147483648, 2]}"#,
    #"{"layer": "CenterCrop", "size": [1, 9223372036854775807]}"#,
    #"{"layer": "Cropping2D", "left": 9223372036854775807, "right": 9223372036854775807}"#,
    #"{"layer": "PixelShuffle", "factor": 9223372036854775807}"#,
    #"{"layer": "Conv3D", "filters": 1, "kernel": 3, "stride": 9223372036854775807, "padding": "same"}"#,
    #"{"layer": "MaxPool3D", "window": 9223372036854775807, "padding": [0, 9223372036854775807, 0]}"#,
    #"{"layer": "SeparableConv2D", "filters": 1, "kernel": 1, "depthMultiplier": 9223372036854775807}"#,
    #"{"layer": "SeparableConv2D", "filters": 4611686018427387904, "kernel": 1, "depthMultiplier": 2}"#,
    #"{"layer": "Rescaling", "scale": 1e308, "offset": -1e999}"#, #"{"layer": "AlphaDropout", "probability": 1}"#,
    #"{"layer": "UpSampling2D", "factor": [16777216, 2], "method": "bilinear"}"#,
    #"{"layer": "MaxPool2D", "window": 2, "padding": 9223372036854775807}"#,
    #"{"layer": "Conv2D", "filters": 1, "kernel": 3, "stride": 9223372036854775807, "padding": "same"}"#,
    #"{"layer": "Conv1D", "filters": 1, "kernel": 3, "dilation": 9223372036854775807}"#,
    #"{"layer": "Conv2D", "filters": 1000000, "kernel": 1, "padding": 16777216}"#,
    #"{"layer": "ConvTranspose2D", "filters": 1, "kernel": 3, "stride": 4611686018427387904}"#,
    #"{"layer": "ConvTranspose2D", "filters": 9223372036854775807, "kernel": 3}"#,
    #"{"layer": "ConvTranspose2D", "filters": 1, "kernel": 3, "stride": 16777216}"#,
    #"{"layer": "ConvTranspose3D", "filters": 1, "kernel": 3, "stride": 4611686018427387904}"#,
    #"{"layer": "Reshape", "shape": [9223372036854775807, 9223372036854775807]}"#,
    #"{"layer": "LSTM", "units": 4611686018427387904}"#,
    #"{"layer": "SelfAttention", "heads": 9223372036854775807, "width": 9223372036854775807}"#,
  ])
  func modelsOfAnySize(_ layer: String) throws {
    let folder = try TemporaryFolder()
    for shape in [[4, 5], [1, 9, 9]] {
      let text = #"{"inputShape": \#(shape), "layers": [\#(layer)]}"#
      try Safetensors.save([(String, Tensor)](), metadata: ["architecture": text], to: folder("t"))
      #expect(fault(folder("t")) { _ = try Sequential.load(from: $0) } != "none")
    }
  }
}
