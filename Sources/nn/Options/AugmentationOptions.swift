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

  @Option(
    help: ArgumentHelp(
      """
      Vary images in other ways, at random in each epoch: \(AugmentationName.list). With a number, as in \
      rotation=30,hue=0.1: the largest angle in degrees, change, or deviation; a probability, number of bits, magnitude, or alpha.
      """,
      valueName: "names"), transform: AugmentationList.init(word:))
  var augment: AugmentationList?

  func validate() throws {
    if let shift, !(1...65536).contains(shift) { throw ValidationError("--shift \(shift): expected 1 to 65536") }
    if let noise, !(noise > 0 && noise.isFinite) {
      throw ValidationError("--noise \(noise): expected a number above 0")
    }
  }

  /// The examples augmented as specified by the options. For tables, noise is added by a layer after the one that
  /// scales the columns.
  /// - Parameters:
  ///   - data: The examples.
  ///   - isTable: Whether each column has its own unit.
  ///   - classes: The number of classes; 0 for values.
  ///   - seed: The random seed.
  func applied(to data: TensorDataset, isTable: Bool, classes: Int, seed: UInt64) -> any Dataset {
    let steps: [Augmentation] =
      (shift.map { [.shift(by: $0)] } ?? []) + (flip ? [.horizontalFlip()] : [])
      + (augment?.steps(classes: classes == 0 ? nil : classes) ?? [])
      + (isTable ? [] : noise.map { [.noise(deviation: $0)] } ?? [])
    return steps.isEmpty ? data : AugmentedDataset(data, steps, seed: seed)
  }

  /// A description for the settings of a run.
  var text: String {
    let words = [
      shift.map { "shift \($0)" }, flip ? "flip" : nil, augment?.text, noise.map { "noise \($0)" },
    ].compactMap { $0 }
    return words.isEmpty ? "none" : words.joined(separator: ", ")
  }
}

/// The names of `--augment`.
enum AugmentationName: String, CaseIterable {
  case verticalFlip = "vertical-flip"
  case rotation, zoom, translation, shear, brightness, contrast, saturation, hue, grayscale, blur, erasing, inversion
  case solarization, posterization, sharpness, mixup, cutmix
  case autoContrast = "auto-contrast"
  case equalization
  case randAugment = "rand-augment"

  /// All names, for help and errors.
  static var list: String { allCases.map(\.rawValue).joined(separator: ", ") }

  /// The number without another one, and the possible numbers.
  var setting: (standard: Double, allowed: ClosedRange<Double>) {
    switch self {
    case .verticalFlip, .erasing, .inversion, .solarization, .autoContrast, .equalization: (0.5, 0...1)
    case .rotation: (15, 0...180)
    case .zoom: (0.2, 0...0.9)
    case .translation, .grayscale: (0.1, 0...1)
    case .shear: (10, 0...80)
    case .brightness, .contrast, .saturation, .sharpness: (0.2, 0...1)
    case .hue: (0.05, 0...0.5)
    case .blur: (2, 0.1...100)
    case .posterization: (4, 1...8)
    case .randAugment: (9, 0...30)
    case .mixup: (0.2, 0.001...1000)
    case .cutmix: (1, 0.001...1000)
    }
  }

  /// The augmentation with a number in the range.
  /// - Parameter classes: The number of classes; nil for values.
  func step(_ number: Double, classes: Int?) -> Augmentation {
    switch self {
    case .verticalFlip: .verticalFlip(probability: number)
    case .rotation: .rotation(degrees: number)
    case .zoom: .zoom(scale: 1 - number...1 + number)
    case .translation: .affine(translation: number)
    case .shear: .affine(shear: number)
    case .brightness: .brightness(number)
    case .contrast: .contrast(number)
    case .saturation: .saturation(number)
    case .hue: .hue(number)
    case .grayscale: .grayscale(probability: number)
    case .blur: .gaussianBlur(deviation: 0.1...number)
    case .erasing: .erasing(probability: number)
    case .inversion: .inversion(probability: number)
    case .solarization: .solarization(probability: number)
    case .posterization: .posterization(bits: Int(number))
    case .sharpness: .sharpness(number)
    case .autoContrast: .autoContrast(probability: number)
    case .equalization: .equalization(probability: number)
    case .randAugment: .randAugment(magnitude: number)
    case .mixup: .mixUp(alpha: number, classes: classes)
    case .cutmix: .cutMix(alpha: number, classes: classes)
    }
  }
}

/// The augmentations of `--augment`, such as "rotation=30,hue".
struct AugmentationList {
  private let entries: [(name: AugmentationName, number: Double)]

  init(word: String) throws {
    entries = try word.split(separator: ",", omittingEmptySubsequences: false).map { entry in
      let parts = entry.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = AugmentationName(rawValue: String(parts[0])) else {
        throw ValidationError("'\(parts[0])' is unknown; there are \(AugmentationName.list)")
      }
      let (standard, allowed) = name.setting
      guard parts.count == 2 else { return (name, standard) }
      guard let number = Double(parts[1]), allowed.contains(number),
        name != .posterization || number == number.rounded()
      else {
        let kind = name == .posterization ? "an integer" : "a number"
        throw ValidationError(
          "\(entry): expected \(kind) from \(allowed.lowerBound.short) to \(allowed.upperBound.short)")
      }
      return (name, number)
    }
  }

  /// The augmentations, in the order of the option.
  /// - Parameter classes: The number of classes; nil for values.
  func steps(classes: Int?) -> [Augmentation] { entries.map { $0.name.step($0.number, classes: classes) } }

  /// A description for the settings of a run.
  var text: String { entries.map { "\($0.name.rawValue) \($0.number.short)" }.joined(separator: ", ") }
}

extension Double {
  /// The number without a fraction of zero.
  fileprivate var short: String { self == rounded() && magnitude < 1e6 ? "\(Int(self))" : "\(self)" }
}
