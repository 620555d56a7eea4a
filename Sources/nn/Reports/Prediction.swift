import HostSystem
import CommandSupport
import Files
import ModelFormats
import NeuralNetworks

/// The prediction of a model for one example.
struct Prediction {
  let index: Int
  /// One probability per class; they add up to 1.
  let probabilities: [Float]
  /// The actual class, if known.
  let label: Int?

  /// The most likely class.
  var best: Int { probabilities.indices.max { probabilities[$0] < probabilities[$1] } ?? 0 }

  func json(_ classNames: [String]) -> JSONValue {
    [
      "index": .integer(index), "class": .string(name(best, classNames)), "classIndex": .integer(best),
      "probability": Self.number(probabilities[best]),
      "label": label.map { .string(name($0, classNames)) } ?? .null,
      "probabilities": .array(probabilities.map(Self.number)),
    ]
  }

  /// Lines with the result and, as bars, the most likely classes, next to the image if there is one.
  func lines(_ classNames: [String], picture: TextPicture?) -> [String] {
    let order = probabilities.indices.sorted { probabilities[$0] > probabilities[$1] }.prefix(3)
    let width = order.map { name($0, classNames).onOneLine.count }.max() ?? 0
    var texts = ["example \(index): \(verdict(classNames))"]
    for index in order {
      let part = Double(probabilities[index])
      let title = name(index, classNames).onOneLine
      let padding = String(repeating: " ", count: width - title.count)
      let bar = String(repeating: "█", count: Int((part * 20).rounded()))
      let percent = (part * 100).fixed(1)
      texts.append(
        "  \(title)\(padding)  \(String(repeating: " ", count: max(0, 5 - percent.count)))\(percent) %  \(bar)")
    }
    guard let picture else { return texts }
    let height = max(picture.lines.count, texts.count)
    let pixelStart = (height - picture.lines.count) / 2
    let textStart = (height - texts.count) / 2
    return (0..<height).map { row in
      let pixels = picture.lines.indices.contains(row - pixelStart) ? picture.lines[row - pixelStart] : ""
      let text = texts.indices.contains(row - textStart) ? texts[row - textStart] : ""
      if text.isEmpty { return "  " + pixels }
      return "  " + pixels + String(repeating: " ", count: picture.width - pixels.count + 3) + text
    }
  }

  private func verdict(_ classNames: [String]) -> String {
    let answer = name(best, classNames)
    guard let label else { return answer }
    return label == best ? "\(answer), right" : "\(answer), wrong: it is \(name(label, classNames))"
  }

  private func name(_ index: Int, _ names: [String]) -> String {
    names.indices.contains(index) ? names[index] : String(index)
  }

  /// Six digits are the precision of float32 arithmetic.
  private static func number(_ probability: Float) -> JSONValue {
    JSONValue((Double(probability) * 1e6).rounded() / 1e6)
  }
}

/// The predicted value for one example.
struct ValuePrediction {
  let index: Int
  let value: Float
  /// The actual value, if known.
  let label: Float?

  var json: JSONValue {
    ["index": .integer(index), "value": Self.number(value), "label": label.map(Self.number) ?? .null]
  }

  var text: String {
    "example \(index): \(Self.text(value))" + (label.map { ", actual \(Self.text($0))" } ?? "")
  }

  /// The value with the digits of float32 precision.
  private static func number(_ value: Float) -> JSONValue { JSONValue(Double("\(value)") ?? Double(value)) }

  private static func text(_ value: Float) -> String { NumberText.short(Double(value)) }
}
