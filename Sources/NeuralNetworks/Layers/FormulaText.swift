/// The name of a formula with its constants, as used in model descriptions: "relu", "leaky_relu(0.1)", "uniform(-1,
/// 1)".
struct FormulaText {
  let name: String
  let constants: [Double]

  init(_ name: String, _ constants: [Double] = []) {
    self.name = name
    self.constants = constants
  }

  /// Returns nil if the text does not have this form.
  init?(parsing text: String) {
    guard let open = text.firstIndex(of: "(") else {
      self.init(text)
      return
    }
    guard text.last == ")" else { return nil }
    let inner = text[text.index(after: open)...].dropLast()
    var constants: [Double] = []
    for part in inner.split(separator: ",", omittingEmptySubsequences: false) {
      let spaceless = part.drop { $0 == " " }
      guard let number = Double(String(spaceless)) else { return nil }
      constants.append(number)
    }
    self.init(String(text[..<open]), constants)
  }

  var text: String { constants.isEmpty ? name : "\(name)(\(constants.map { "\($0)" }.joined(separator: ", ")))" }
}
