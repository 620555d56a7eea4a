import NeuralNetworks

/// Under which names, and in which order of axes, the parameters of a model stand in a file of another program.
///
/// ```swift
/// // nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10)), saved by safetensors.torch.save_file
/// let model = Sequential(inputShape: [28, 28]) { Flatten(); Dense(128, activation: .relu); Dense(10) }
/// try model.loadWeights(from: "mlp.safetensors", mapping: .pyTorch)
/// ```
///
/// A mapping is a list of rules that are applied to each parameter one after the other, beginning with its path and the axes as
/// they are; what comes out is the name and the layout in the file. Rules take patterns of paths of the model (`*` for any part
/// of one name, `**` for any number of names: `**.weight`). The same mapping serves for reading and for writing.
///
/// ```swift
/// // Convolutions of a program that keeps kernels as [height, width, inputs, outputs]
/// let mapping = WeightMapping()
///   .renaming("**.weight") { $0.replacing("weight", with: "kernel") }
///   .permuting("conv*.weight", [2, 3, 1, 0])
///   .passingOver("optimizer.**")
/// ```
public struct WeightMapping: Sendable {
  enum Rule: Sendable {
    case pyTorch(PyTorchNames.Layers)
    case renamed(PathPattern, @Sendable (String) -> String)
    case arranged(PathPattern, TensorLayout.Step)
  }

  private(set) var rules: [Rule] = []
  private var passedOver: [PathPattern] = []

  /// Every parameter by its path, as it is.
  public init() {}

  // MARK: Rules

  /// Changes the names of the parameters whose paths match.
  /// - Parameters:
  ///   - pattern: Paths of the model.
  ///   - rename: The name in the file for the name that earlier rules gave; the path, if there were none.
  public func renaming(
    _ pattern: String = "**", _ rename: @escaping @Sendable (String) -> String
  ) -> WeightMapping {
    adding(.renamed(PathPattern(pattern), rename))
  }

  /// Parameters whose axes are in reverse order in the file: matrices `[outputs, inputs]` for `[inputs, outputs]`.
  public func transposing(_ pattern: String) -> WeightMapping { adding(.arranged(PathPattern(pattern), .reversed)) }

  /// Parameters whose axes are in another order in the file: its axis `i` is axis `axes[i]` of the model.
  public func permuting(_ pattern: String, _ axes: [Int]) -> WeightMapping {
    if axes.sorted() != Array(axes.indices) { fatalError("WeightMapping.permuting: \(axes) is no order of axes") }
    return adding(.arranged(PathPattern(pattern), .permuted(axes)))
  }

  /// Parameters that have another shape in the file, with as many numbers in the same order.
  public func reshaping(_ pattern: String, to shape: [Int]) -> WeightMapping {
    if shape.contains(where: { $0 < 0 }) { fatalError("WeightMapping.reshaping: \(shape) is no shape") }
    return adding(.arranged(PathPattern(pattern), .reshaped(shape)))
  }

  /// Tensors of the file, by patterns of their names there, that belong to no parameter and are no fault.
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

  /// Names and layouts of PyTorch's `state_dict`, the layers of a `Sequential` numbered as in the `nn.Sequential` that has an
  /// activation as a module of its own: `Flatten, Dense(…, activation: .relu), Dense` has its weights in `1.weight` and
  /// `3.weight`. Names of properties stay as they are.
  ///
  /// Matrices of `Dense` and of recurrent layers are transposed, `runningMean` is `running_mean`, the parameters of recurrent
  /// layers are `weight_ih_l0` and so on, those of attention are joined in `in_proj_weight`; `num_batches_tracked` is passed
  /// over. Convolutions, `Embedding` and the normalisations have PyTorch's layouts already, and `Flatten` its order.
  public static let pyTorch = pyTorch(.numbered)

  /// The same for a model whose layers have these names in PyTorch, one for each layer with parameters, in the order of the
  /// model: `.pyTorch(layers: ["conv1", "bn1", "fc"])`. Recurrent layers of one name are the layers of one stack
  /// (`nn.LSTM(…, num_layers: 2)`).
  public static func pyTorch(layers names: [String]) -> WeightMapping { pyTorch(.listed(names)) }

  /// The same for a model whose layers at these paths have these names in PyTorch; what is below them follows, the others keep
  /// their paths: `.pyTorch(paths: ["encoder": "features.lstm"])`.
  public static func pyTorch(paths: [String: String]) -> WeightMapping { pyTorch(.byPath(paths)) }

  private static func pyTorch(_ layers: PyTorchNames.Layers) -> WeightMapping {
    WeightMapping().adding(.pyTorch(layers)).passingOver("**.num_batches_tracked")
  }

  // MARK: Use

  func isPassedOver(_ name: String) -> Bool { passedOver.contains { $0.matches(name) } }

  /// Where each parameter of a module stands, in the order of its parameters.
  /// - Throws: `ModelError.invalidConfiguration` where names are listed, and they are more or fewer than the layers.
  func places(of module: some Module) throws -> [ParameterPlace] {
    var places = module.parameters.paths.map { ParameterPlace(path: $0) }
    for rule in rules {
      switch rule {
      case .pyTorch(let layers):
        let names = try PyTorchNames(of: module, layers)
        for index in places.indices { names.apply(to: &places[index]) }
      case .renamed(let pattern, let rename):
        for index in places.indices where pattern.matches(places[index].path) {
          places[index].name = rename(places[index].name)
        }
      case .arranged(let pattern, let step):
        for index in places.indices where pattern.matches(places[index].path) {
          places[index].layout.steps.append(step)
        }
      }
    }
    return places
  }
}

/// Where a parameter of a model stands in a file.
struct ParameterPlace {
  /// In the model.
  let path: String
  /// In the file.
  var name: String
  var layout = TensorLayout()

  init(path: String) { (self.path, name) = (path, path) }

  /// What it is called in messages.
  var description: String { name == path ? path : "\(path) (\"\(name)\" in the file)" }
}
