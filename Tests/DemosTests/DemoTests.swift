import Files
import NeuralNetworks
import Synchronization
import TestSupport
import Testing

@testable import Demos

/// Every demo program learns its task, in its short form, on each device.
@Suite(.serialized) struct DemoTests {
  static let devices = TestDevices.real

  /// The required result of each demo.
  static let bounds: [String: [String: ClosedRange<Double>]] = [
    "perceptron": ["separable accuracy": 0.99...1, "xor accuracy": 0...0.8],
    "line": ["weight": 1.95...2.05, "bias": -1.05 ... -0.95],
    "layer": ["difference": 0...1e-6, "parameters": 92...92],
    "flowers": ["accuracy": 0.95...1],
    "backpropagation": ["relative difference": 0...1e-5, "loss": 0...0.05, "accuracy": 1...1],
    "regression": ["error": 0...0.2],
    // The noise is 20, and a linear model has errors from 35.
    "table": ["error": 17...32, "error with missing values": 35...115, "error of the mean": 120...165],
    "fashion": ["accuracy": 0.6...1, "parameters": 101_770...101_770],
    "convolution": ["accuracy": 0.55...1],
    "transfer": ["known": 0.85...1, "transferred": 0.55...1],
    // The noise is 1: a smaller error means that the network sees the value that it is to predict.
    "series": ["error": 0.85...1.6, "error of the last hour": 2.3...3.3],
    "sentiment": ["average": 0.76...1, "convolution": 0.76...1, "lstm": 0.72...1],
    "characters": ["accuracy": 0.6...1, "known words": 0.5...1],
    "translation": ["accuracy": 0.7...1],
    "components": ["explained": 0.4...0.95, "difference": 0...1e-3, "purity": 0.25...1],
    "autoencoder": ["purity": 0.2...1],
    "variational": ["contrast": 0.35...1],
    "gan": ["distance": 0...0.25, "coverage": 0.75...1],
    "diffusion": ["loss": 0...0.2, "contrast": 0.3...1, "brightness": 0.02...0.4],
    "cart-pole": ["return": 60...500],
  ]

  @Test(arguments: devices, Demo.all.map(\.name))
  func learns(_ device: Device, _ name: String) throws {
    let demo = try #require(Demo.named(name))
    let bounds = try #require(Self.bounds[name], "the program \(name) has no bounds in this test")
    let pictures = Mutex<[String: String]>([:])
    let context = DemoContext(
      device: device, isQuick: true, data: SharedData.folder,
      keep: { name, svg in pictures.withLock { $0[name] = svg } })
    let result = try demo.run(on: context)
    for (figure, range) in bounds {
      let value = try #require(result[figure], "\(name) has no figure \(figure)")
      #expect(range.contains(value), "\(name): \(figure) is \(value), expected \(range)")
    }
    if let first = result["first loss"], let last = result["loss"] { #expect(last < first) }
    for (name, svg) in pictures.withLock({ $0 }) {
      #expect(svg.hasPrefix("<svg xmlns=") && svg.hasSuffix("</svg>\n"), "\(name)")
      // Embedded images are base64 text.
      let drawn = svg.replacing(/base64,[A-Za-z0-9+\/=]*/, with: "")
      #expect(!drawn.contains("nan") && !drawn.contains("inf"), "\(name) has numbers that are none")
    }
  }

  /// Xor is learned from any initial weights.
  @Test(arguments: [true, false]) func backpropagationLearnsXor(_ isQuick: Bool) throws {
    let demo = try #require(Demo.named("backpropagation"))
    for seed: UInt64 in 1...20 {
      let result = try demo.run(on: DemoContext(device: .cpu, seed: seed, isQuick: isQuick))
      #expect(result["accuracy"] == 1 && result["loss"] ?? 1 < 0.05, "seed \(seed): \(result)")
    }
  }

  /// The data for training and testing have different seeds, also if the seed is the largest number.
  @Test(arguments: ["flowers", "translation"]) func theLargestSeed(_ name: String) throws {
    let demo = try #require(Demo.named(name))
    let result = try demo.run(on: DemoContext(device: .cpu, seed: .max, isQuick: true))
    #expect(try #require(result["accuracy"]) >= 0.7)
  }

  /// The pole stays up for 195 steps on average, for four of five seeds, after 500 attempts.
  @Test func balances() throws {
    let demo = try #require(Demo.named("cart-pole"))
    let returns = try (1...5).map { (seed: UInt64) in
      let scores = try demo.run(on: DemoContext(device: .cpu, seed: seed))
      return try #require(scores["return"])
    }
    #expect(returns.count { $0 > 195 } >= 4, "\(returns)")
  }

  /// Three thousand sentences, a fifth of them held back: at least 78 % on average over three seeds.
  @Test(.enabled(if: SharedData.folder != nil)) func readsSentences() throws {
    let folder = try #require(SharedData.folder)
    var totals: [String: Double] = [:]
    for seed: UInt64 in 1...3 {
      let demo = try #require(Demo.named("sentiment"))
      let result = try demo.run(on: DemoContext(device: .cpu, seed: seed, data: folder))
      for (name, value) in result.figures { totals[name, default: 0] += value / 3 }
    }
    #expect(try #require(totals["average"]) >= 0.78, "\(totals)")
    #expect(try #require(totals["convolution"]) >= 0.78, "\(totals)")
    #expect(try #require(totals["lstm"]) >= 0.76, "\(totals)")
  }

  /// The file exists only during the call, even if the call throws.
  @Test func temporaryFilesAreRemoved() throws {
    var path = ""
    let text = try withTemporaryFile(of: "a,b\n1,2\n") {
      path = $0
      return String(decoding: try FileReader.read(path, limit: 100), as: UTF8.self)
    }
    #expect(text == "a,b\n1,2\n" && !path.isEmpty && !Folder.exists(path))
    #expect(throws: FileError.missing(path: "none")) {
      try withTemporaryFile(of: "") {
        path = $0
        #expect(Folder.exists(path))
        throw FileError.missing(path: "none")
      }
    }
    #expect(!Folder.exists(path))
  }

  @Test func namesDiffer() {
    #expect(Set(Demo.all.map(\.name)).count == Demo.all.count)
    #expect(Demo.named("nothing") == nil)
  }
}
