import CommandSupport
import ModelFormats
import NeuralNetworks

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
