import ArgumentParser
import CommandSupport
import ModelFormats

/// The commands of `nn` and their settings for a run file, derived from the types of their properties.
enum RunSettings {
  /// The names of all commands for run files.
  static var commands: [String] { known.map { $0.word } }

  /// The settings of a command by name; nil if there is no such command.
  static func settings(of command: String) -> [String: RunSetting]? {
    guard let found = known.first(where: { $0.word == command }) else { return nil }
    // A default subcommand without a name, as in `nn plot FILE`, has settings, too.
    let types: [any ParsableArguments.Type] = [found] + (found.configuration.defaultSubcommand.map { [$0] } ?? [])
    return types.reduce(into: [:]) { collect($1, into: &$0) }
  }

  private static var known: [any ParsableCommand.Type] {
    NN.configuration.subcommands.filter { $0.word != Run.word }
  }

  private static func collect(_ type: any ParsableArguments.Type, into settings: inout [String: RunSetting]) {
    for (label, property) in Mirror(reflecting: type.init()).children {
      switch Swift.type(of: property) {
      case let group as any OptionGroupProperty.Type: collect(group.arguments, into: &settings)
      case let option as any OptionProperty.Type:
        guard let label = label?.dropFirst() else { continue }
        let name = label.map { $0.isUppercase ? "-\($0.lowercased())" : "\($0)" }.joined()
        settings[name] = option.setting
        // A column is a name or a number.
        if name == "label" { settings[name]?.kind = .textOrWholeNumber }
      default: continue
      }
    }
  }
}

/// The JSON type of a setting.
struct RunSetting {
  enum Kind { case flag, wholeNumber, number, text, textOrWholeNumber }
  var kind: Kind
  /// Whether several values form one word, as in `--hidden 16,16`.
  var isList = false
  /// Whether several values are passed as repeated options.
  var isRepeated = false
  /// A word that is allowed instead of numbers.
  var word: String?

  /// The maximum number of entries in an array, because parsing a command line takes quadratic time.
  static let longest = 1000

  /// The words of a command line for a value; none for a flag that is not set.
  /// - Throws: The JSON that was expected.
  func words(_ name: String, _ value: JSONValue) throws(ExpectedJSON) -> [String] {
    if kind == .flag {
      guard let flag = value.bool else { throw expected }
      return flag ? ["--\(name)"] : []
    }
    if let word, value.string == word { return ["--\(name)=\(word)"] }
    let elements = isList || isRepeated ? value.array ?? [value] : [value]
    guard elements.count <= RunSetting.longest else {
      throw ExpectedJSON(description: "expected at most \(RunSetting.longest) entries, found \(elements.count)")
    }
    var texts: [String] = []
    for element in elements {
      guard let text = text(element) else { throw expected }
      texts.append(text)
    }
    // With an equals sign, because a negative number would look like an option.
    return isRepeated ? texts.map { "--\(name)=\($0)" } : ["--\(name)=\(texts.joined(separator: ","))"]
  }

  private func text(_ value: JSONValue) -> String? {
    switch (value, kind) {
    case (.string(let text), .text), (.string(let text), .textOrWholeNumber): text
    case (.integer(let number), .number), (.integer(let number), .textOrWholeNumber): "\(number)"
    case (.unsigned(let number), .number), (.unsigned(let number), .textOrWholeNumber): "\(number)"
    case (.number(let number), .number): "\(number)"
    case (_, .wholeNumber):
      value.wholeNumber(Int.self).map(String.init) ?? value.wholeNumber(UInt64.self).map(String.init)
    default: nil
    }
  }

  private var expected: ExpectedJSON {
    let (one, many) =
      switch kind {
      case .flag: ("true or false", "")
      case .wholeNumber: ("a whole number", "whole numbers")
      case .number: ("a number", "numbers")
      case .text: ("a text", "texts")
      case .textOrWholeNumber: ("a text or a whole number", "texts and whole numbers")
      }
    let array = isList || isRepeated ? ", an array of \(many)" : ""
    return ExpectedJSON(description: "expected \(one)\(array)\(word.map { ", or \"\($0)\"" } ?? "")")
  }
}

/// An error for a value in a run file with a different type than its setting.
struct ExpectedJSON: Error, CustomStringConvertible {
  let description: String
}

// MARK: Property types

/// A property type with its JSON type; all other types use text.
protocol RunSettingValue {
  static var setting: RunSetting { get }
}

extension Int: RunSettingValue { static var setting: RunSetting { RunSetting(kind: .wholeNumber) } }
extension UInt64: RunSettingValue { static var setting: RunSetting { RunSetting(kind: .wholeNumber) } }
extension Double: RunSettingValue { static var setting: RunSetting { RunSetting(kind: .number) } }
extension Extents: RunSettingValue { static var setting: RunSetting { RunSetting(kind: .wholeNumber, isList: true) } }
extension HiddenLayers: RunSettingValue {
  static var setting: RunSetting { RunSetting(kind: .wholeNumber, isList: true, word: "none") }
}
/// A range is text.
extension Positions: RunSettingValue {
  static var setting: RunSetting { RunSetting(kind: .textOrWholeNumber, isList: true) }
}
extension Optional: RunSettingValue {
  static var setting: RunSetting { RunSetting(of: Wrapped.self) }
}
extension Array: RunSettingValue {
  static var setting: RunSetting {
    var setting = RunSetting(of: Element.self)
    setting.isRepeated = true
    return setting
  }
}

extension RunSetting {
  fileprivate init(of type: Any.Type) {
    self = (type as? any RunSettingValue.Type)?.setting ?? RunSetting(kind: .text)
  }
}

private protocol OptionProperty {
  static var setting: RunSetting { get }
}

extension Option: OptionProperty {
  fileprivate static var setting: RunSetting { RunSetting(of: Value.self) }
}

extension Flag: OptionProperty {
  fileprivate static var setting: RunSetting { RunSetting(kind: .flag) }
}

private protocol OptionGroupProperty {
  static var arguments: any ParsableArguments.Type { get }
}

extension OptionGroup: OptionGroupProperty {
  fileprivate static var arguments: any ParsableArguments.Type { Value.self }
}
