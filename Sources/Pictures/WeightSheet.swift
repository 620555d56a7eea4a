public import NeuralNetworks

/// The weights of the first layer that has weights, as images: the pattern that each unit or filter responds to.
/// Positive weights are orange, negative ones blue.
public struct WeightSheet {
  /// The images.
  public let sheet: ImageSheet
  /// The path of the parameter, such as "1.weight".
  public let path: String

  /// Creates a sheet from the weights of a model.
  /// - Parameters:
  ///   - model: A built model.
  ///   - limit: The maximum number of units or filters to show.
  /// - Throws: `ModelError.invalidConfiguration` if no parameter has at least two axes; `DeviceError`.
  public init(_ model: Model, limit: Int = 64) throws {
    let found = model.parameters.first { _, parameter in (parameter.shape?.count ?? 0) >= 2 && !parameter.isState }
    guard let (path, parameter) = found, let shape = parameter.shape else {
      throw ModelError.invalidConfiguration(layer: "the model", reason: "it has no weights that could be drawn")
    }
    self.path = path
    let values = try parameter.value.scalars()
    let images = WeightSheet.images(values, shape, of: model.inputShapes.first ?? [], limit: limit)
    let limitText = images.hidden > 0 ? ", \(images.bitmaps.count) of \(images.bitmaps.count + images.hidden)" : ""
    let bound = NumberText.short(Double(images.largest))
    var sheet = ImageSheet("\(path) \(shape)\(limitText), from −\(bound) to \(bound)", columns: images.columns)
    for (index, bitmap) in images.bitmaps.enumerated() {
      sheet.add(bitmap, caption: images.bitmaps.count > 1 ? "\(index)" : "")
    }
    self.sheet = sheet
  }

  private struct Images {
    var bitmaps: [Bitmap]
    var columns: Int
    var hidden = 0
    let largest: Float
  }

  /// Rows of a matrix whose inputs are images are drawn as images, kernels of convolutions as one image per channel,
  /// and all other parameters unchanged.
  private static func images(_ values: [Float], _ shape: [Int], of input: [Int], limit: Int) -> Images {
    let largest = values.lazy.filter(\.isFinite).map(\.magnitude).max() ?? 0
    if shape.count == 4 {  // [filters, channels, height, width]
      let (kernel, count) = (shape[2] * shape[3], shape[0] * shape[1])
      let shown = min(count, limit)
      let bitmaps = (0..<shown).map {
        Bitmap(signed: Array(values[$0 * kernel..<($0 + 1) * kernel]), width: shape[3], limit: largest)
      }
      return Images(bitmaps: bitmaps, columns: min(shown, 8), hidden: count - shown, largest: largest)
    }
    let (rows, columns) = (shape[0], shape.dropFirst().reduce(1, *))
    if shape.count == 2, input.count >= 2, input.reduce(1, *) == rows, let width = input.last {
      let shown = min(columns, limit)
      let bitmaps = (0..<shown).map { unit in
        let all = (0..<rows).map { values[$0 * columns + unit] }
        // Only the first of several channels is drawn, because each channel would need a separate color.
        return Bitmap(signed: Array(all.prefix(input.suffix(2).reduce(1, *))), width: width, limit: largest)
      }
      return Images(bitmaps: bitmaps, columns: min(shown, 8), hidden: columns - shown, largest: largest)
    }
    return Images(
      bitmaps: [Bitmap(signed: values, width: columns, limit: largest)], columns: 1, largest: largest)
  }
}
