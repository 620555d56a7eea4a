import HostSystem
import CGlyphs
import Files
import NeuralNetworks

/// Labeled images in four IDX files of a folder, with the file names of MNIST.
struct IDXImages {
  /// A file of the set, as published.
  struct Part {
    let name: String
    let bytes: Int
    let sha256: String
  }

  /// The published files. A folder is searched for their base names.
  let trainImages, trainLabels, testImages, testLabels: Part
  let classNames: [String]
  /// The download address: `https`, without a slash at the end.
  let baseURL: String
  /// The environment variable that overrides `baseURL`.
  let environmentVariable: String

  var parts: [Part] { [trainImages, trainLabels, testImages, testLabels] }

  func load(from folder: String, download: Bool, baseURL: String?) throws -> ImageDataset {
    if download { try fetchMissing(into: folder, baseURL: baseURL) }
    return ImageDataset(
      train: try read(folder, trainImages, trainLabels), test: try read(folder, testImages, testLabels),
      classNames: classNames)
  }

  /// Loads only the test data.
  func loadTest(from folder: String, download: Bool) throws -> TensorDataset {
    if download { try fetchMissing(into: folder, baseURL: nil) }
    return try read(folder, testImages, testLabels)
  }

  /// Downloads the files that are missing in the folder. Existing files are kept.
  func fetchMissing(into folder: String, baseURL: String?) throws {
    let base = baseURL ?? environment(environmentVariable) ?? self.baseURL
    for part in parts where existing(part, in: folder) == nil {
      let download = Download(
        url: base.hasSuffix("/") ? base + part.name : base + "/" + part.name, file: Folder.join(folder, part.name),
        limit: part.bytes, sha256: part.sha256)
      try download.run()
    }
  }

  /// The path of a part, plain or compressed, with either common spelling (`images-idx3` and `images.idx3`).
  private func existing(_ part: Part, in folder: String) -> String? {
    let base = part.name.hasSuffix(".gz") ? String(part.name.dropLast(3)) : part.name
    let dotted = String(base.replacing("-idx", with: ".idx", maxReplacements: 1))
    for name in [base, base + ".gz", dotted, dotted + ".gz"] {
      let path = Folder.join(folder, name)
      if Folder.exists(path) { return path }
    }
    return nil
  }

  private func read(_ folder: String, _ images: Part, _ labels: Part) throws -> TensorDataset {
    let imageFile = try IDX(existing(images, in: folder) ?? Folder.join(folder, images.name))
    let labelFile = try IDX(existing(labels, in: folder) ?? Folder.join(folder, labels.name))
    let pixels = try IDXImages.pixels(imageFile)
    let classes = try IDXImages.labels(labelFile, below: classNames.count)
    if imageFile.shape[0] != classes.count {
      throw DataError.malformed(
        file: labelFile.path, offset: 4, expected: "\(imageFile.shape[0]) labels, as \(imageFile.path) has images",
        found: "\(classes.count)")
    }
    return TensorDataset(pixels, Tensor(classes, shape: [classes.count]))
  }

  /// The bytes of images `[count, height, width]`, divided by 255.
  static func pixels(_ file: IDX) throws -> Tensor {
    if file.element != .uint8 {
      throw DataError.malformed(
        file: file.path, offset: 2, expected: "pixels of type uint8 (0x08)", found: "\(file.element)")
    }
    if file.shape.count != 3 || file.shape.contains(0) {
      throw DataError.malformed(
        file: file.path, offset: 3, expected: "images [count, height, width]", found: "the shape \(file.shape)")
    }
    try file.checkMemory(of: Float.self)
    return try Tensor(shape: file.shape) { places in
      Pixels.scaled(file.bytes[(file.start + places.lowerBound)..<(file.start + places.upperBound)])
    }
  }

  static func labels(_ file: IDX, below classes: Int) throws -> [Int32] {
    if file.element == .float32 || file.element == .float64 {
      throw DataError.malformed(
        file: file.path, offset: 2, expected: "labels of an integer type", found: "\(file.element)")
    }
    if file.shape.count != 1 {
      throw DataError.malformed(
        file: file.path, offset: 3, expected: "labels [count]", found: "the shape \(file.shape)")
    }
    let labels = try file.integers()
    if let index = labels.firstIndex(where: { $0 < 0 || $0 >= classes }) {
      throw file.fault(index, "a label of 0 to \(classes - 1)", "\(labels[index])")
    }
    return labels
  }
}

/// The conversion of gray bytes to numbers from 0 to 1.
enum Pixels {
  /// The 256 quotients of division by 255, each rounded once.
  private static let quotients: [Float] = (0..<256).map { Float($0) / 255 }

  static func scale(_ bytes: UnsafeBufferPointer<UInt8>, into values: UnsafeMutablePointer<Float>) {
    if let first = bytes.baseAddress { nn_look_up(first, bytes.count, quotients, values) }
  }

  static func scaled(_ bytes: ArraySlice<UInt8>) -> [Float] {
    [Float](unsafeUninitializedCapacity: bytes.count) { values, count in
      guard let start = values.baseAddress else { return }
      bytes.withUnsafeBufferPointer { scale($0, into: start) }
      count = bytes.count
    }
  }
}
