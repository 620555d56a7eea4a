import HostSystem

/// Converts texts and whole numbers to int32 indices by a hash, without a vocabulary (Keras' `Hashing`, with the same
/// indices). Different values may have the same index. Like `StringLookup`, it runs on the host, before the model.
///
/// ```swift
/// let cities = Hashing(bins: 10)
/// print(cities.indices(of: ["A", "Zürich", "B"]))            // [4, 3, 8]
/// ```
///
/// The index is the hash modulo the number of bins: FarmHash's Fingerprint64 of the UTF-8, or with a salt, SipHash-2-4,
/// for which only someone who knows the salt can construct collisions. Numbers are hashed as their decimal digits.
///
/// With `masksMissing`, index 0 is that of missing values only, which are nil (Keras' `mask_value`); without it, they
/// are hashed like an empty text. With a single bin, all values have index 0.
public struct Hashing: Sendable, Hashable {
  /// The number of indices.
  public let bins: Int
  /// Whether missing values have a separate index, 0.
  public let masksMissing: Bool
  private let key: SIMD2<UInt64>?

  /// The two parts of the salt; nil for none.
  public var salt: (UInt64, UInt64)? { key.map { ($0.x, $0.y) } }

  /// Creates a hashing step.
  /// - Parameters:
  ///   - bins: The number of indices, including that for missing values; at least 1.
  ///   - salt: The two parts of the key of SipHash; nil for FarmHash. For a single number in Keras, both are that number.
  ///   - masksMissing: Whether missing values have an index.
  public init(bins: Int, salt: (UInt64, UInt64)? = nil, masksMissing: Bool = false) {
    if let fault = Hashing.fault(bins) { ProgrammerError.end("Hashing: \(fault)") }
    (self.bins, self.masksMissing) = (bins, masksMissing)
    key = salt.map { SIMD2($0.0, $0.1) }
  }

  /// The reason why a number of bins cannot be used.
  fileprivate static func fault(_ bins: Int) -> String? {
    bins >= 1 && Int32(exactly: bins) != nil ? nil : "bins is \(bins), expected 1 to \(Int32.max)"
  }

  /// Returns the index of a text; nil is a missing value.
  public func index(of text: String?) -> Int {
    let first = masksMissing && bins > 1 ? 1 : 0
    if text == nil && first == 1 { return 0 }
    let hash = key.map { Fingerprint.sip(text ?? "", key: $0) } ?? Fingerprint.farm(text ?? "")
    return first + Int(hash % UInt64(bins - first))
  }

  /// Returns the index of a whole number; nil is a missing value.
  public func index<Number: BinaryInteger>(of number: Number?) -> Int { index(of: number.map { "\($0)" }) }

  /// Converts texts to int32 indices `[count]`.
  public func indices(of texts: [String?]) -> Tensor { Tensor(texts.map { Int32(index(of: $0)) }) }

  /// Converts whole numbers to int32 indices `[count]`.
  public func indices<Number: BinaryInteger>(of numbers: [Number?]) -> Tensor {
    Tensor(numbers.map { Int32(index(of: $0)) })
  }
}

extension Hashing: Codable {
  private enum CodingKeys: CodingKey { case bins, salt, masksMissing }

  /// Encodes the settings.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(bins, forKey: .bins)
    try container.encodeIfPresent(key, forKey: .salt)
    try container.encode(masksMissing, forKey: .masksMissing)
  }

  /// Decodes the settings. Throws `DecodingError`, also for fewer than 1 bin.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    bins = try container.decode(Int.self, forKey: .bins)
    key = try container.decodeIfPresent(SIMD2<UInt64>.self, forKey: .salt)
    masksMissing = try container.decode(Bool.self, forKey: .masksMissing)
    if let fault = Hashing.fault(bins) {
      throw DecodingError.dataCorruptedError(forKey: .bins, in: container, debugDescription: fault)
    }
  }
}

/// Converts combinations of the values of several features to int32 indices by a hash (Keras' `HashedCrossing`, with the
/// same indices): a model can learn one number for each combination, such as a city and an hour.
///
/// ```swift
/// let crossing = HashedCrossing(bins: 1000)
/// let indices = crossing.indices(of: .texts(["A", "B"]), .numbers([101, 102]))        // [891, 576]
/// ```
///
/// The fingerprints of texts (FarmHash's Fingerprint64) and the numbers are combined in their order; the index is the
/// result modulo the number of bins.
public struct HashedCrossing: Sendable, Hashable {
  /// The values of a feature, one for each example.
  public enum Column: Sendable, Hashable {
    /// Texts; a missing one is an empty text.
    case texts([String])
    /// Whole numbers.
    case numbers([Int])

    fileprivate var count: Int {
      switch self {
      case .texts(let texts): texts.count
      case .numbers(let numbers): numbers.count
      }
    }

    fileprivate func fingerprint(_ row: Int) -> UInt64 {
      switch self {
      case .texts(let texts): Fingerprint.farm(texts[row])
      case .numbers(let numbers): UInt64(bitPattern: Int64(numbers[row]))
      }
    }
  }

  /// The number of indices.
  public let bins: Int

  /// Creates a crossing.
  /// - Parameter bins: The number of indices, at least 1.
  public init(bins: Int) {
    if let fault = Hashing.fault(bins) { ProgrammerError.end("HashedCrossing: \(fault)") }
    self.bins = bins
  }

  /// Converts the values of at least two features to int32 indices `[count]`.
  public func indices(of columns: Column...) -> Tensor {
    let counts = columns.map(\.count)
    guard columns.count > 1, let count = counts.first, counts.allSatisfy({ $0 == count }) else {
      ProgrammerError.end("HashedCrossing: columns of \(counts) values, expected at least two of the same length")
    }
    return Tensor(
      (0..<count).map { row in
        let start: UInt64 = 0xdec_afca_ffe  // TensorFlow's key for crossings
        return Int32(columns.reduce(start) { Fingerprint.joined($0, $1.fingerprint(row)) } % UInt64(bins))
      })
  }
}

extension HashedCrossing: Codable {
  private enum CodingKeys: CodingKey { case bins }

  /// Decodes the settings. Throws `DecodingError`, also for fewer than 1 bin.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    bins = try container.decode(Int.self, forKey: .bins)
    if let fault = Hashing.fault(bins) {
      throw DecodingError.dataCorruptedError(forKey: .bins, in: container, debugDescription: fault)
    }
  }
}
