import NeuralNetworks

extension WeightMapping {
  /// Families of Transformers that name the parts of their blocks in the same way in files of Hugging Face.
  public enum Family: String, CaseIterable, Sendable {
    /// BERT and the models with its names, such as RoBERTa and ELECTRA: `encoder.layer.0.attention.self.query.weight`.
    /// Blocks have `activation: .gelu, epsilon: 1e-12` (RoBERTa 1e-5).
    case bert
    /// DistilBERT: `transformer.layer.0.attention.q_lin.weight`. Blocks have `activation: .gelu, epsilon: 1e-12`.
    case distilBERT
    /// GPT-2: `h.0.attn.c_attn.weight`. Blocks have `activation: .geluTanh, normalizesFirst: true, isCausal: true`.
    case gpt2
    /// The Vision Transformer: `encoder.layer.0.attention.attention.query.weight`. Blocks have
    /// `activation: .gelu, normalizesFirst: true, epsilon: 1e-12`.
    case vit
  }
}

extension WeightMapping.Family {
  /// The name of the blocks, without their numbers.
  fileprivate var blocks: String {
    switch self {
    case .bert, .vit: "encoder.layer"
    case .distilBERT: "transformer.layer"
    case .gpt2: "h"
    }
  }

  /// The names of the parts of a block, by their paths in `TransformerEncoderBlock`.
  fileprivate var parts: [String: String] {
    switch self {
    case .bert:
      [
        "attention.query": "attention.self.query", "attention.key": "attention.self.key",
        "attention.value": "attention.self.value", "attention.output": "attention.output.dense",
        "attentionNorm": "attention.output.LayerNorm", "expansion": "intermediate.dense",
        "contraction": "output.dense", "denseNorm": "output.LayerNorm",
      ]
    case .distilBERT:
      [
        "attention.query": "attention.q_lin", "attention.key": "attention.k_lin", "attention.value": "attention.v_lin",
        "attention.output": "attention.out_lin", "attentionNorm": "sa_layer_norm", "expansion": "ffn.lin1",
        "contraction": "ffn.lin2", "denseNorm": "output_layer_norm",
      ]
    case .gpt2:
      [
        "attention.query": "attn.c_attn", "attention.key": "attn.c_attn", "attention.value": "attn.c_attn",
        "attention.output": "attn.c_proj", "attentionNorm": "ln_1", "expansion": "mlp.c_fc",
        "contraction": "mlp.c_proj", "denseNorm": "ln_2",
      ]
    case .vit:
      [
        "attention.query": "attention.attention.query", "attention.key": "attention.attention.key",
        "attention.value": "attention.attention.value", "attention.output": "attention.output.dense",
        "attentionNorm": "layernorm_before", "expansion": "intermediate.dense", "contraction": "output.dense",
        "denseNorm": "layernorm_after",
      ]
    }
  }

  /// A name in every file of the family, after its prefix.
  fileprivate var marker: String { "\(blocks).0.\(parts["attention.query"] ?? "").weight" }

  /// The layout of a parameter of a block. GPT-2 stores matrices as here, and the projections of attention side by side.
  fileprivate func layout(of part: String, _ leaf: String) -> TensorLayout {
    if self != .gpt2 { return TensorLayout(steps: leaf == "weight" ? [.reversed] : []) }
    let index = ["attention.query", "attention.key", "attention.value"].firstIndex(of: part)
    return TensorLayout(part: index.map { ($0, 3, leaf == "weight" ? 1 : 0) })
  }
}

/// The names of the blocks of a model in files of Hugging Face. Blocks are numbered in the order of the model.
struct HuggingFaceNames {
  /// A family and what precedes its names, such as "bert." or nothing.
  struct Place {
    let family: WeightMapping.Family
    let prefix: String
  }

  private let place: Place
  /// The paths of the blocks.
  private let blocks: [String]
  private let file: (any WeightSource)?

  /// Creates the names for a model.
  /// - Parameters:
  ///   - module: The model.
  ///   - given: The place of the blocks; nil if the names in the file determine it.
  ///   - file: The file to read; nil for writing.
  init(of module: some Module, _ given: Place?, in file: (any WeightSource)?) throws {
    blocks = ModuleWalk(module).modules.filter { $0.module is TransformerEncoderBlock }.map(\.path)
    if blocks.isEmpty {
      throw ModelError.invalidConfiguration(
        layer: "\(type(of: module))",
        reason: "it has no TransformerEncoderBlock, to which the mapping .huggingFace applies")
    }
    self.file = file
    place = try given ?? HuggingFaceNames.place(in: file)
  }

  private static func place(in file: (any WeightSource)?) throws -> Place {
    guard let file else {
      throw ModelError.invalidConfiguration(
        layer: "WeightMapping", reason: "to save, name the family, such as .huggingFace(.bert)")
    }
    for name in file.names {
      for family in WeightMapping.Family.allCases where name == family.marker || name.hasSuffix("." + family.marker) {
        return Place(family: family, prefix: String(name.dropLast(family.marker.count)))
      }
    }
    let markers = WeightMapping.Family.allCases.map(\.marker).joined(separator: ", ")
    let names = file.names.prefix(5).map { $0.shortened(to: 100) }.joined(separator: ", ")
    throw FormatError.malformed(
      path: file.path, reason: "no name ends with one of \(markers), which .huggingFace looks for; it has \(names)")
  }

  /// Sets the name and the layout of the place if it is in a block.
  func apply(to parameter: inout ParameterPlace) {
    let names = parameter.path.split(separator: ".").map(String.init)
    let leaf = names.last ?? ""
    for length in names.indices {
      guard let number = blocks.firstIndex(of: names[..<length].joined(separator: ".")) else { continue }
      let part = names[length..<(names.count - 1)].joined(separator: ".")
      guard let name = place.family.parts[part] else { return }
      parameter.name = "\(place.prefix)\(place.family.blocks).\(number).\(name).\(leaf)"
      parameter.layout = place.family.layout(of: part, leaf)
    }
    useOldName(of: &parameter, leaf)
  }

  /// Weights that were converted from TensorFlow have the names `LayerNorm.gamma` and `LayerNorm.beta`.
  private func useOldName(of parameter: inout ParameterPlace, _ leaf: String) {
    guard let file, let old = ["weight": "gamma", "bias": "beta"][leaf], file.shape(of: parameter.name) == nil else {
      return
    }
    let name = parameter.name.dropLast(leaf.count) + old
    if file.shape(of: String(name)) != nil { parameter.name = String(name) }
  }
}
