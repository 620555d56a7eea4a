import ModelFormats
import NeuralNetworks
import TestSupport
import Testing

/// Encoders with weights saved by Hugging Face's `save_pretrained` give the same results as there, computed in float64
/// (`Benchmarks/peers/hugging_face.py`).
@Suite struct HuggingFaceWeightTests {
  struct Family: CustomTestStringConvertible, Sendable {
    let family: WeightMapping.Family
    let prefix: String
    /// The names of the layers after the blocks.
    let paths: [String: String]
    let makeModel: @Sendable () -> Sequential

    var testDescription: String { family.rawValue.lowercased() }

    static let all = [
      Family(family: .bert, prefix: "bert", paths: ["2": "classifier"]) {
        Sequential {
          for _ in 0..<2 {
            TransformerEncoderBlock(heads: 2, width: 8, hidden: 12, activation: .gelu, epsilon: 1e-12)
          }
          Dense(3)
        }
      },
      Family(family: .distilBERT, prefix: "", paths: [:]) {
        Sequential {
          for _ in 0..<2 {
            TransformerEncoderBlock(heads: 2, width: 8, hidden: 12, activation: .gelu, epsilon: 1e-12)
          }
        }
      },
      Family(family: .gpt2, prefix: "transformer", paths: ["2": "transformer.ln_f", "3": "transformer.wte"]) {
        Sequential {
          for _ in 0..<2 {
            TransformerEncoderBlock(
              heads: 2, width: 8, hidden: 12, activation: .geluTanh, normalizesFirst: true, isCausal: true)
          }
          LayerNorm()
          Dense(5, useBias: false)
        }
      },
      Family(family: .vit, prefix: "vit", paths: ["2": "vit.layernorm", "3": "classifier"]) {
        Sequential {
          for _ in 0..<2 {
            TransformerEncoderBlock(
              heads: 2, width: 8, hidden: 12, activation: .gelu, normalizesFirst: true, epsilon: 1e-12)
          }
          LayerNorm(epsilon: 1e-12)
          Dense(3)
        }
      },
    ]

    func file(_ kind: String) -> String {
      let folder = #filePath.split(separator: "/").dropLast().joined(separator: "/")
      return "/\(folder)/Vectors/HuggingFace/\(testDescription)\(kind).safetensors"
    }
  }

  @Test(arguments: TestDevices.all, Family.all)
  func outputsAreHuggingFaces(_ device: Device, _ family: Family) throws {
    let data = try Safetensors(family.file(".data"))
    let input = try #require(try data.tensor("input", on: device))
    let output = try #require(try data.tensor("output", on: device))
    let model = family.makeModel()
    try model.build(inputShape: [4, 8], on: device, seed: 1)
    try model.loadWeights(from: family.file(""), .allowUnknown, mapping: .huggingFace(paths: family.paths))
    let found = model(input, .inference)
    #expect(found.shape == output.shape && found.device == device)
    #expect(try (found - output).magnitude().max().item() < 2e-5)
  }

  /// A named family reads and writes the same tensors, and a model without known shapes gets those in the file.
  @Test(arguments: Family.all)
  func savedWeightsAreHuggingFaces(_ family: Family) throws {
    let folder = try TemporaryFolder()
    let mapping = WeightMapping.huggingFace(family.family, prefix: family.prefix, paths: family.paths)
    let model = family.makeModel()
    try model.loadWeights(from: family.file(""), .allowUnknown, mapping: mapping)
    try model.saveWeights(to: folder("saved"), mapping: mapping)
    let (saved, original) = (try Safetensors(folder("saved")), try Safetensors(family.file("")))
    let others = original.names.filter { !saved.names.contains($0) }
    #expect(others.allSatisfy { $0.contains("embeddings.") || $0.contains("pooler") || $0.hasSuffix("wpe.weight") })
    for name in saved.names {
      #expect(saved.shape(of: name) == original.shape(of: name), "\(name)")
      #expect(try saved.tensor(name)?.scalars() == original.tensor(name)?.scalars(), "\(name)")
    }
  }
}
