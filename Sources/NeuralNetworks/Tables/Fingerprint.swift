/// Hashes of bytes that are the same on every machine and in every run, unlike those of `Hasher`.
enum Fingerprint {
  private static let (k0, k1, k2): (UInt64, UInt64, UInt64) = (
    0xc3a5_c85c_97cb_3127, 0xb492_b66f_be98_f273, 0x9ae1_6a3b_2f90_404f
  )

  /// Returns FarmHash's `Fingerprint64` of a text in UTF-8 (https://github.com/google/farmhash), which TensorFlow uses.
  static func farm(_ text: String) -> UInt64 {
    var text = text
    return text.withUTF8 { farm(HashedBytes($0)) }
  }

  private static func farm(_ s: HashedBytes) -> UInt64 {
    switch s.count {
    case 0: k2
    case 1..<4: ofFewBytes(s)
    case 4..<8: mixed(UInt64(s.count) &+ s.word(0) << 3, s.word(s.count - 4), multiplier(s))
    case 8...16: of8To16Bytes(s)
    case 17...32: of17To32Bytes(s)
    case 33...64: of33To64Bytes(s)
    default: ofManyBytes(s)
    }
  }

  private static func multiplier(_ s: HashedBytes) -> UInt64 { k2 &+ 2 * UInt64(s.count) }

  private static func shifted(_ x: UInt64) -> UInt64 { x ^ x >> 47 }

  private static func mixed(_ u: UInt64, _ v: UInt64, _ multiplier: UInt64) -> UInt64 {
    let a = shifted((u ^ v) &* multiplier)
    return shifted((v ^ a) &* multiplier) &* multiplier
  }

  private static func ofFewBytes(_ s: HashedBytes) -> UInt64 {
    let y = UInt64(s.bytes[0]) + UInt64(s.bytes[s.count / 2]) << 8
    let z = UInt64(s.count) + UInt64(s.bytes[s.count - 1]) << 2
    return shifted(y &* k2 ^ z &* k0) &* k2
  }

  private static func of8To16Bytes(_ s: HashedBytes) -> UInt64 {
    let (multiplier, a, b) = (multiplier(s), s[0] &+ k2, s[s.count - 8])
    return mixed(
      b.rotated(37) &* multiplier &+ a, (a.rotated(25) &+ b) &* multiplier, multiplier)
  }

  private static func of17To32Bytes(_ s: HashedBytes) -> UInt64 {
    let multiplier = multiplier(s)
    let (a, b, c, d) = (s[0] &* k1, s[8], s[s.count - 8] &* multiplier, s[s.count - 16] &* k2)
    return mixed(
      (a &+ b).rotated(43) &+ c.rotated(30) &+ d, a &+ (b &+ k2).rotated(18) &+ c, multiplier)
  }

  private static func of33To64Bytes(_ s: HashedBytes) -> UInt64 {
    let multiplier = multiplier(s)
    let (a, b, c, d) = (s[0] &* k2, s[8], s[s.count - 8] &* multiplier, s[s.count - 16] &* k2)
    let y = (a &+ b).rotated(43) &+ c.rotated(30) &+ d
    let z = mixed(y, a &+ (b &+ k2).rotated(18) &+ c, multiplier)
    let (e, f) = (s[16] &* multiplier, s[24])
    let (g, h) = ((y &+ s[s.count - 32]) &* multiplier, (z &+ s[s.count - 24]) &* multiplier)
    return mixed(
      (e &+ f).rotated(43) &+ g.rotated(30) &+ h, e &+ (f &+ a).rotated(18) &+ g, multiplier)
  }

  /// The state of the hash of more than 64 bytes.
  private struct State {
    var x, y, z: UInt64
    var v: (UInt64, UInt64) = (0, 0)
    var w: (UInt64, UInt64) = (0, 0)

    /// Mixes in 64 bytes. The last block uses other factors.
    mutating func take(_ s: HashedBytes, at i: Int, _ multiplier: UInt64 = k1, isLast: Bool = false) {
      x = (x &+ y &+ v.0 &+ s[i + 8]).rotated(37) &* multiplier
      y = (y &+ v.1 &+ s[i + 48]).rotated(42) &* multiplier
      x ^= isLast ? w.1 &* 9 : w.1
      y = y &+ (isLast ? v.0 &* 9 : v.0) &+ s[i + 40]
      z = (z &+ w.0).rotated(33) &* multiplier
      v = State.pair(s, i, v.1 &* multiplier, x &+ w.0)
      w = State.pair(s, i + 32, z &+ w.1, y &+ s[i + 16])
      swap(&z, &x)
    }

    private static func pair(_ s: HashedBytes, _ i: Int, _ a: UInt64, _ b: UInt64) -> (UInt64, UInt64) {
      let a = a &+ s[i]
      let sum = a &+ s[i + 8] &+ s[i + 16]
      return (sum &+ s[i + 24], (b &+ a &+ s[i + 24]).rotated(21) &+ sum.rotated(44) &+ a)
    }
  }

  private static func ofManyBytes(_ s: HashedBytes) -> UInt64 {
    let y = 81 &* k1 &+ 113
    var state = State(x: 81 &* k2 &+ s[0], y: y, z: shifted(y &* k2 &+ 113) &* k2)
    let rest = (s.count - 1) % 64
    for i in stride(from: 0, to: s.count - 1 - rest, by: 64) { state.take(s, at: i) }
    let multiplier = k1 &+ (state.z & 0xff) << 1
    state.w.0 &+= UInt64(rest)
    state.v.0 &+= state.w.0
    state.w.0 &+= state.v.0
    state.take(s, at: s.count - 64, multiplier, isLast: true)
    return mixed(
      mixed(state.v.0, state.w.0, multiplier) &+ shifted(state.y) &* k0 &+ state.z,
      mixed(state.v.1, state.w.1, multiplier) &+ state.x, multiplier)
  }

  /// Returns the fingerprint of a sequence whose beginning and last element have these fingerprints (TensorFlow's
  /// `FingerprintCat64`).
  static func joined(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let k: UInt64 = 0xc6a4_a793_5bd1_e995
    let x = (a ^ k ^ shifted(b &* k) &* k) &* k
    return shifted(shifted(x) &* k)
  }

  /// Returns SipHash-2-4 of a text in UTF-8, a hash that cannot be predicted without its key (Aumasson and Bernstein 2012).
  static func sip(_ text: String, key: SIMD2<UInt64>) -> UInt64 {
    var (a, b, c, d) = (
      key.x ^ 0x736f_6d65_7073_6575, key.y ^ 0x646f_7261_6e64_6f6d, key.x ^ 0x6c79_6765_6e65_7261,
      key.y ^ 0x7465_6462_7974_6573
    )
    func rounds(_ count: Int) {
      for _ in 0..<count {
        (a, c) = (a &+ b, c &+ d)
        (b, d) = (b.rotated(51) ^ a, d.rotated(48) ^ c)
        (a, c) = (a.rotated(32) &+ d, c &+ b)
        (b, d) = (b.rotated(47) ^ c, d.rotated(43) ^ a)
        c = c.rotated(32)
      }
    }
    func take(_ word: UInt64) {
      d ^= word
      rounds(2)
      a ^= word
    }
    var text = text
    text.withUTF8 { utf8 in
      let bytes = HashedBytes(utf8), whole = bytes.count / 8 * 8
      for i in stride(from: 0, to: whole, by: 8) { take(bytes[i]) }
      // The length is in the highest byte of the last word.
      var last = UInt64(bytes.count) << 56
      for i in whole..<bytes.count { last |= UInt64(utf8[i]) << (8 * (i - whole)) }
      take(last)
    }
    c ^= 0xff
    rounds(4)
    return a ^ b ^ c ^ d
  }
}

/// Bytes that are read as little-endian words at any position.
private struct HashedBytes {
  let bytes: UnsafeRawBufferPointer
  var count: Int { bytes.count }

  init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = UnsafeRawBufferPointer(bytes) }

  subscript(_ place: Int) -> UInt64 {
    UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self))
  }

  /// The 32 bits at a position.
  func word(_ place: Int) -> UInt64 {
    UInt64(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: UInt32.self)))
  }
}

extension UInt64 {
  /// Returns the bits rotated to the right.
  fileprivate func rotated(_ bits: UInt64) -> UInt64 { self >> bits | self << (64 - bits) }
}
