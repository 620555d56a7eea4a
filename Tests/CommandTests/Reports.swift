import ModelFormats

extension JSONValue {
  /// The keys of an object, in their order.
  var keys: [String] { object?.keys ?? [] }
  /// The elements of an array; none where it is something else.
  var elements: [JSONValue] { array ?? [] }
}
