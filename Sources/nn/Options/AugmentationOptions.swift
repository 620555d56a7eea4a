import ArgumentParser
import Datasets
import NeuralNetworks

/// How examples are varied in training.
struct AugmentationOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Move each image by up to so many pixels, anew in each epoch.", valueName: "pixels"))
  var shift: Int?

  @Flag(help: "Mirror every second image left to right, drawn anew in each epoch.")
  var flip = false

  @Option(
    help: ArgumentHelp("Add normal noise of this deviation to the inputs, anew in each epoch.", valueName: "deviation"))
  var noise: Double?

  func validate() throws {
    if let shift, !(1...65536).contains(shift) { throw ValidationError("--shift \(shift): expected 1 to 65536") }
    if let noise, !(noise > 0 && noise.isFinite) {
      throw ValidationError("--noise \(noise): expected a number above 0")
    }
  }

  private var steps: [Augmentation] {
    (shift.map { [.shift(by: $0)] } ?? []) + (flip ? [.horizontalFlip()] : [])
      + (noise.map { [.noise(deviation: $0)] } ?? [])
  }

  /// The examples as the options vary them.
  func applied(to data: TensorDataset, seed: UInt64) -> any Dataset {
    steps.isEmpty ? data : AugmentedDataset(data, steps, seed: seed)
  }

  /// In words, for the settings of a run.
  var text: String {
    let words = [shift.map { "shift \($0)" }, flip ? "flip" : nil, noise.map { "noise \($0)" }].compactMap { $0 }
    return words.isEmpty ? "none" : words.joined(separator: ", ")
  }
}
