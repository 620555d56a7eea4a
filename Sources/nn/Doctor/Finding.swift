import ModelFormats

/// A finding of `nn doctor`.
struct Finding {
  enum Verdict: String {
    case good
    /// The subject works but can be improved.
    case notice
    /// The subject does not work.
    case broken
  }

  /// The subject, such as "cpu" or "self-test opencl:0:0".
  let subject: String
  let verdict: Verdict
  let text: String
  /// The suggested action.
  var advice: String?

  var json: JSONValue {
    [
      "subject": .string(subject), "verdict": .string(verdict.rawValue), "text": .string(text),
      "advice": advice.map(JSONValue.string) ?? .null,
    ]
  }

  var lines: [String] {
    let mark =
      switch verdict {
      case .good: "ok    "
      case .notice: "note  "
      case .broken: "BROKEN"
      }
    return ["\(mark)  \(subject): \(text)"] + (advice.map { ["        → \($0)"] } ?? [])
  }
}
