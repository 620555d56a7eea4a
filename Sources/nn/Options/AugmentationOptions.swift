import ArgumentParser
import Datasets
import NeuralNetworks

/// The data augmentation in training.
struct AugmentationOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("Shift each image by up to this many pixels, at random in each epoch.", valueName: "pixels"))
  var shift: Int?

  @Flag(help: "Mirror half of the images left to right, at random in each epoch.")
  var flip = false

  @Option(
    help: ArgumentHelp(
      "Add new normal noise with this standard deviation to the inputs in each epoch; to the columns of a table after scaling.",
      valueName: "deviation"))
  var noise: Double?

  func validate() throws {
    if let shift, !(1...65536).contains(shift) { throw ValidationError("--shift \(shift): expected 1 to 65536") }
    if let noise, !(noise > 0 && noise.isFinite) {
      throw ValidationError("--noise \(noise): expected a number above 0")
    }
  }

  /// The examples augmented as specified by the options. For tables, noise is added by a layer after the one that
  /// scales the columns.
  func applied(to data: TensorDataset, isTable: Bool, seed: UInt64) -> any Dataset {
    let steps: [Augmentation] =
      (shift.map { [.shift(by: $0)] } ?? []) + (flip ? [.horizontalFlip()] : [])
      + (isTable ? [] : noise.map { [.noise(deviation: $0)] } ?? [])
    return steps.isEmpty ? data : AugmentedDataset(data, steps, seed: seed)
  }

  /// A description for the settings of a run.
  var text: String {
    let words = [shift.map { "shift \($0)" }, flip ? "flip" : nil, noise.map { "noise \($0)" }].compactMap { $0 }
    return words.isEmpty ? "none" : words.joined(separator: ", ")
  }
}
