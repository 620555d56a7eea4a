import ArgumentParser
import CommandSupport
import Files
import HostSystem
import ModelFormats
import NeuralNetworks

/// `nn convert`.
struct Convert: FileCommand {
  static let configuration = CommandConfiguration(
    abstract: "Converts a file of tensors to another format or element type.",
    discussion: """
      nn convert digits.safetensors --dtype bfloat16 --out small.safetensors
      nn convert model.pt --dtype float16 --out model.safetensors
      nn convert model.gguf --dtype float16 --out model.safetensors
      nn convert model.safetensors.index.json --out model.safetensors
      nn convert arrays.npz --out arrays.safetensors --json

      --dtype applies to floating-point tensors only, rounds to the nearest number, and gives infinity for numbers \
      beyond the range of the type. Without it, and for other tensors, types stay as they are; only uint16, uint32 and \
      uint64 become int32, and the block formats of GGUF float32. The metadata of a safetensors file is kept, so that a \
      converted model is still a model. NumPy's formats have no bfloat16, and .npy holds one array.

      Tensors that cannot be converted, such as complex ones, are named on standard error, at most 20 of them. The others \
      are written; the exit code is then 1. With --json standard output is one object: tensors, types, bytes, failed.
      """)

  @Argument(
    help: ArgumentHelp(
      "A file of tensors: .safetensors, .npz, .npy, .gguf, of PyTorch (.pt, .pth, .bin), or an index (.index.json).",
      valueName: "file"), completion: Completions.tensors)
  var file: String

  @Option(
    help: ArgumentHelp("The type of the floating-point tensors. (default: that of each tensor)", valueName: "type"))
  var dtype: FloatingPointType?

  @Option(
    name: [.long, .customShort("o")],
    help: ArgumentHelp(
      "The file to write, in the format of its extension: .safetensors, .npz or .npy.", valueName: "file"),
    completion: .file(extensions: TensorFormat.allCases.map(\.rawValue)))
  var out: String

  @Flag(help: "Print one JSON object.")
  var json = false

  var files: NamedFiles {
    var files = NamedFiles()
    files.reads(file, "the file to convert")
    files.writes(out, "--out")
    return files
  }

  func run() throws {
    let format = try format()
    let source = try TensorFile(file)
    var files = files
    for path in source.filePaths { files.reads(path, "the files to convert") }
    try files.check()
    guard format != .npy || source.names.count == 1 else {
      throw Failure.usage(
        "--out \(out): expected a file that ends with .safetensors or .npz, because \(file) has "
          + "\(source.names.count) tensors")
    }
    let converted = try convert(source, to: format)
    try source.save(converted.tensors, as: format, to: out)
    Console.error("wrote \(out)")
    try report(converted, of: source)
    if !converted.failed.isEmpty {
      let count = converted.failed.count, shown = Self.shownFailures
      throw Failure(
        "\(file): \(count) of \(source.names.count) tensors cannot be converted"
          + (count > shown ? "; the first \(shown) are named above" : ""))
    }
  }

  /// The maximum number of tensors that are named on standard error.
  private static let shownFailures = 20

  /// The format of the file to write, which must be able to hold the tensors.
  private func format() throws -> TensorFormat {
    guard let format = TensorFormat(path: out) else {
      throw Failure.usage("--out \(out): expected a file that ends with .safetensors, .npz or .npy")
    }
    if dtype == .bfloat16 && !format.holdsBFloat16 {
      throw Failure.usage(
        "--dtype bfloat16: NumPy has no bfloat16; expected --out with a file that ends with .safetensors, found \(out)")
    }
    if Folder.isFolder(out) { throw Failure("\(out): \(systemMessage(EISDIR))") }
    return format
  }

  private struct Converted {
    var tensors: [(String, Tensor)] = []
    /// The tensors that cannot be converted, and why.
    var failed: [(name: String, reason: String)] = []
  }

  /// Reads and converts one tensor after another, so that only the results are in memory together.
  private func convert(_ source: TensorFile, to format: TensorFormat) throws -> Converted {
    var converted = Converted()
    for (index, name) in source.names.enumerated() {
      do {
        if let reason = format.objection(toName: name) { throw FormatError.malformed(path: out, reason: reason) }
        let tensor = try source.tensor(at: index)
        let result = tensor.dtype.isFloatingPoint ? tensor.cast(to: dtype?.dtype ?? tensor.dtype) : tensor
        if result.dtype == .bfloat16 && !format.holdsBFloat16 {
          throw Failure(
            "\(file): tensor \"\(name.shortened(to: 100))\" is bfloat16, which NumPy does not have: write a .safetensors "
              + "file, or add --dtype float32")
        }
        converted.tensors.append((name, result))
      } catch let error as FormatError {
        // An error of the whole file would recur for each tensor.
        guard case .malformed = error, source.names.count > 1 else { throw error }
        if converted.failed.count < Self.shownFailures { Console.error("nn: \(error)") }
        converted.failed.append((name, "\(error)"))
      }
    }
    if converted.tensors.isEmpty && !converted.failed.isEmpty {
      throw Failure("\(file): none of its \(converted.failed.count) tensors can be converted")
    }
    return converted
  }

  /// Prints the numbers of tensors and bytes.
  private func report(_ converted: Converted, of source: TensorFile) throws {
    let counts = DType.allCases.map { type in
      (type: "\(type)", count: converted.tensors.count { $0.1.dtype == type })
    }.filter { $0.count > 0 }
    let before = try source.filePaths.map { path in
      try withFileFailures { () throws(FileError) in try FileReader(path).size }
    }.reduce(0, +)
    // A pipe has no size.
    let after = try? FileReader(out).size
    if json {
      return try Console.output(
        [
          "tensors": .integer(converted.tensors.count),
          "types": .object(JSONObject(counts.map { ($0.type, .integer($0.count)) })),
          "bytes": ["before": .integer(before), "after": after.map(JSONValue.integer) ?? .null],
          "failed": .array(converted.failed.map { ["name": .string($0.name), "reason": .string($0.reason)] }),
        ] as JSONValue)
    }
    let types = counts.map { "\($0.count) \($0.type)" }.joined(separator: ", ")
    let sizes = "\(before) bytes before" + (after.map { ", \($0) after" } ?? "")
    Console.output("tensors \(converted.tensors.count)\(types.isEmpty ? "" : " (\(types))"); \(sizes)")
  }
}

/// The element types of `nn convert --dtype`.
enum FloatingPointType: String, ExpressibleByArgument, CaseIterable {
  case float32, float16, bfloat16, float64

  var dtype: DType {
    switch self {
    case .float32: .float32
    case .float16: .float16
    case .bfloat16: .bfloat16
    case .float64: .float64
    }
  }
}
