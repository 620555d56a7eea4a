import NeuralNetworks

/// Maps the parameters of a model to names and axis orders in a file of another program.
///
/// ```swift
/// // nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10)), saved by safetensors.torch.save_file
/// let model = Sequential(inputShape: [28, 28]) { Flatten(); Dense(128, activation: .relu); Dense(10) }
/// try model.loadWeights(from: "mlp.safetensors", mapping: .pyTorch)
/// ```
///
/// A mapping is a list of rules, applied to each parameter in order, starting with its path and its original axes. The
/// result is the name and the layout in the file. Rules take patterns of model paths (`*` matches any part of one name,
/// `**` matches any number of names: `**.weight`), and each must match a path. The same mapping is used for reading and
/// writing.
///
/// ```swift
/// // Convolutions of a program that stores kernels as [height, width, inputs, outputs]
/// let mapping = WeightMapping()
///   .renaming("**.weight") { $0.replacing("weight", with: "kernel") }
///   .permuting("conv*.weight", [2, 3, 1, 0])
///   .passingOver("optimizer.**")
/// ```
public struct WeightMapping: Sendable {
  enum Rule: Sendable {
    case pyTorch(PyTorchNames.Layers)
    case huggingFace(HuggingFaceNames.Place?)
    case renamed(PathPattern, @Sendable (String) -> String)
    case arranged(PathPattern, TensorLayout.Step)
  }

  private(set) var rules: [Rule] = []
  private var passedOver: [PathPattern] = []

  /// Creates a mapping that keeps every path and layout.
  public init() {}

  // MARK: Rules

  /// Renames the parameters with matching paths.
  /// - Parameters:
  ///   - pattern: A pattern of model paths.
  ///   - rename: Returns the name in the file, given the name from earlier rules (initially the path).
  public func renaming(
    _ pattern: String = "**", _ rename: @escaping @Sendable (String) -> String
  ) -> WeightMapping {
    adding(.renamed(PathPattern(pattern), rename))
  }

  /// Reverses the axes in the file: matrices are `[outputs, inputs]` instead of `[inputs, outputs]`.
  public func transposing(_ pattern: String) -> WeightMapping { adding(.arranged(PathPattern(pattern), .reversed)) }

  /// Permutes the axes in the file: axis `i` in the file is axis `axes[i]` of the model.
  public func permuting(_ pattern: String, _ axes: [Int]) -> WeightMapping {
    if axes.sorted() != Array(axes.indices) {
      ProgrammerError.end("WeightMapping.permuting: the axes are each of 0..<\(axes.count) once, not \(axes)")
    }
    return adding(.arranged(PathPattern(pattern), .permuted(axes)))
  }

  /// Changes the shape in the file. The number of elements and their order stay the same.
  public func reshaping(_ pattern: String, to shape: [Int]) -> WeightMapping {
    if shape.contains(where: { $0 < 0 }) {
      ProgrammerError.end("WeightMapping.reshaping: extents are at least 0, not \(shape)")
    }
    return adding(.arranged(PathPattern(pattern), .reshaped(shape)))
  }

  /// Ignores tensors in the file with names that match the pattern. They correspond to no parameter and are not an
  /// error.
  public func passingOver(_ pattern: String) -> WeightMapping {
    var mapping = self
    mapping.passedOver.append(PathPattern(pattern))
    return mapping
  }

  private func adding(_ rule: Rule) -> WeightMapping {
    var mapping = self
    mapping.rules.append(rule)
    return mapping
  }

  // MARK: PyTorch

  /// The names and layouts of PyTorch's `state_dict`. The layers of a `Sequential` are numbered as in an
  /// `nn.Sequential` with separate activation modules: `Flatten, Dense(…, activation: .relu), Dense` has its weights in
  /// `1.weight` and `3.weight`. Names of properties are kept.
  ///
  /// Matrices of `Dense` and of recurrent layers are transposed; `runningMean` becomes `running_mean`; the parameters
  /// of recurrent layers become `weight_ih_l0` and so on; the projections of attention are joined in `in_proj_weight`;
  /// `num_batches_tracked` is ignored. Convolutions, `Embedding`, and the normalizations already have PyTorch's
  /// layouts, and `Flatten` keeps PyTorch's order of elements.
  public static let pyTorch = pyTorch(.numbered)

  /// Returns the mapping for a model whose layers have the given names in PyTorch: one for each layer with parameters,
  /// in the order of the model, such as `.pyTorch(layers: ["conv1", "bn1", "fc"])`. Recurrent layers with the same name
  /// are the layers of one stack (`nn.LSTM(…, num_layers: 2)`).
  public static func pyTorch(layers names: [String]) -> WeightMapping { pyTorch(.listed(names)) }

  /// Returns the mapping for a model whose layers at the given paths have the given names in PyTorch. Paths below them
  /// change accordingly, and all others are kept: `.pyTorch(paths: ["encoder": "features.lstm"])`.
  public static func pyTorch(paths: [String: String]) -> WeightMapping { pyTorch(.byPath(paths)) }

  private static func pyTorch(_ layers: PyTorchNames.Layers) -> WeightMapping {
    WeightMapping().adding(.pyTorch(layers)).passingOver("**.num_batches_tracked")
  }

  // MARK: Hugging Face

  /// The names and layouts of the Transformers of Hugging Face, for a model with `TransformerEncoderBlock`s. The names in
  /// the file show the family (`Family`) and what precedes its names (`bert.encoder.layer…`); blocks are numbered in the
  /// order of the model.
  ///
  /// Load with `.allowUnknown` if the model has only some parts of the file, such as the blocks without the embeddings.
  /// `LayerNorm.gamma` and `LayerNorm.beta` are found in place of `weight` and `bias`.
  public static let huggingFace = huggingFace(paths: [:])

  /// Returns the mapping for a model whose other layers at the given paths have the given names in the file, and in
  /// PyTorch's layouts: `.huggingFace(paths: ["0": "bert.embeddings.word_embeddings", "3": "classifier"])`.
  public static func huggingFace(paths: [String: String]) -> WeightMapping { huggingFace(nil, paths) }

  /// Returns the mapping for a family, which saves weights too.
  /// - Parameters:
  ///   - family: The family.
  ///   - prefix: The name before those of the blocks, such as "bert"; empty for none.
  ///   - paths: The names of other layers by their paths.
  public static func huggingFace(
    _ family: Family, prefix: String = "", paths: [String: String] = [:]
  ) -> WeightMapping {
    huggingFace(HuggingFaceNames.Place(family: family, prefix: prefix.isEmpty ? "" : prefix + "."), paths)
  }

  private static func huggingFace(_ place: HuggingFaceNames.Place?, _ paths: [String: String]) -> WeightMapping {
    let buffers = ["**.num_batches_tracked", "**.position_ids", "**.attn.bias", "**.attn.masked_bias"]
    let mapping = WeightMapping().adding(.pyTorch(.byPath(paths))).adding(.huggingFace(place))
    return buffers.reduce(mapping) { $0.passingOver($1) }
  }

  // MARK: Use

  func isPassedOver(_ name: String) -> Bool { passedOver.contains { $0.matches(name) } }

  /// Returns the place of each parameter of a module in the file, in the order of its parameters.
  /// - Parameters:
  ///   - module: The module.
  ///   - file: The file to read; nil for writing.
  /// - Throws: `ModelError.invalidConfiguration` if the number of listed names differs from the number of layers, or if
  ///   a rule applies to no parameter; `FormatError` if the names in the file do not determine the places.
  func places(of module: some Module, in file: (any WeightSource)? = nil) throws -> [ParameterPlace] {
    let paths = module.parameters.paths
    func check(_ pattern: PathPattern) throws {
      guard let fault = pattern.fault(among: paths) else { return }
      throw ModelError.invalidConfiguration(layer: "WeightMapping", reason: fault)
    }
    var places = paths.map { ParameterPlace(path: $0) }
    for rule in rules {
      switch rule {
      case .pyTorch(let layers):
        let names = try PyTorchNames(of: module, layers)
        for index in places.indices { names.apply(to: &places[index]) }
      case .huggingFace(let place):
        let names = try HuggingFaceNames(of: module, place, in: file)
        for index in places.indices { names.apply(to: &places[index]) }
      case .renamed(let pattern, let rename):
        try check(pattern)
        for index in places.indices where pattern.matches(places[index].path) {
          places[index].name = rename(places[index].name)
        }
      case .arranged(let pattern, let step):
        try check(pattern)
        for index in places.indices where pattern.matches(places[index].path) {
          places[index].layout.steps.append(step)
        }
      }
    }
    return places
  }
}

/// The place of a model's parameter in a file.
struct ParameterPlace {
  /// The path in the model.
  let path: String
  /// The name in the file.
  var name: String
  var layout = TensorLayout()

  init(path: String) { (self.path, name) = (path, path) }

  /// The name for messages.
  var description: String { name == path ? path : "\(path) (\"\(name)\" in the file)" }
}
