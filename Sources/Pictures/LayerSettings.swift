import ModelFormats
import NeuralNetworks

/// The settings of a layer as a short text: "units 128, activation relu".
enum LayerSettings {
  static func text(of module: any Module) -> String {
    guard let layer = module as? any ConfigurableLayer, let settings = try? JSONValue(encoding: layer.configuration)
    else {
      return ""
    }
    return (settings.object ?? JSONObject()).compactMap { key, value in
      if isUsual(key, value) { return nil }
      if key == "activation" { return word(value) }
      if key == "useBias" { return "no bias" }
      if case .bool(let isSet) = value {
        return isSet ? spaced(key.hasPrefix("is") ? String(key.dropFirst(2)) : key) : nil
      }
      return word(value).map { "\(spaced(key)) \($0)" }
    }.joined(separator: ", ")
  }

  /// Whether a setting is rarely used or has its default value. A box has space only for settings that differ.
  private static func isUsual(_ key: String, _ value: JSONValue) -> Bool {
    switch key {
    case "initializer", "regularizer", "epsilon", "momentum": true
    case "useBias", "isAffine": value.bool == true
    case "activation": word(value) == "linear"
    case "padding": word(value) == "valid" || word(value) == "0"
    case "stride", "dilation", "groups": word(value) == "1"
    default: false
    }
  }

  /// The text of a value; nil for disabled settings and for nested objects.
  private static func word(_ value: JSONValue) -> String? {
    switch value {
    case .integer(let number): return "\(number)"
    case .unsigned(let number): return "\(number)"
    case .number(let number): return NumberText.short(number)
    case .string(let text): return text
    case .bool: return nil
    case .array(let values):
      let words = values.compactMap(word)
      guard words.count == values.count, !words.isEmpty else { return nil }
      return Set(words).count == 1 && words.count == 2 ? words[0] : words.joined(separator: "x")
    case .object(let object): return object["name"].flatMap(word)
    case .null: return nil
    }
  }

  /// The key with spaces: "normalizesFirst" becomes "normalizes first".
  private static func spaced(_ key: String) -> String {
    let text = key.map { $0.isUppercase ? " \($0.lowercased())" : "\($0)" }.joined()
    return text.hasPrefix(" ") ? String(text.dropFirst()) : text
  }
}
