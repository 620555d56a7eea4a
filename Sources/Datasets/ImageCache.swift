import Synchronization

/// The bytes of generated images, drawn at the first request. Pages of memory that no image has reached are never touched.
///
/// It is safe on any number of threads without a lock: an image is written once, by the thread that moves its state from
/// `absent` to `busy`, and read by others only when the state is `ready`; a thread that finds it busy draws its own copy.
final class ImageCache: @unchecked Sendable {
  let key: UInt64
  private let count: Int
  private let pixels: UnsafeMutablePointer<UInt8>
  private let states: UnsafeMutablePointer<Atomic<UInt8>>
  private static let absent: UInt8 = 0
  private static let busy: UInt8 = 1
  private static let ready: UInt8 = 2

  init(key: UInt64, count: Int) {
    self.key = key
    self.count = count
    pixels = .allocate(capacity: count * GlyphRenderer.area)
    states = .allocate(capacity: count)
    for index in 0..<count { (states + index).initialize(to: Atomic(ImageCache.absent)) }
  }

  deinit {
    states.deinitialize(count: count)
    states.deallocate()
    pixels.deallocate()
  }

  /// Copies image `index` to `output`, drawing it if nobody did before.
  func copy(_ index: Int, _ renderer: inout GlyphRenderer, into output: UnsafeMutablePointer<UInt8>) {
    let kept = pixels + index * GlyphRenderer.area
    if states[index].load(ordering: .acquiring) == ImageCache.ready {
      return output.update(from: kept, count: GlyphRenderer.area)
    }
    renderer.draw(index, into: output)
    let claim = states[index].compareExchange(
      expected: ImageCache.absent, desired: ImageCache.busy, ordering: .relaxed)
    if !claim.exchanged { return }
    kept.update(from: output, count: GlyphRenderer.area)
    states[index].store(ImageCache.ready, ordering: .releasing)
  }
}
