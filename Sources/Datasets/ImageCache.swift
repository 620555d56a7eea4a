import HostSystem
import NeuralNetworks
import Synchronization

/// The bytes of generated images, drawn at the first request. Memory pages without a requested image are never touched.
///
/// The cache can be used from any number of threads without a lock. An image is written once, by the thread that
/// changes its state from `absent` to `busy`. Other threads read it only if the state is `ready`; a thread that finds
/// it busy draws its own copy.
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
    // Free memory is not checked, because the memory is used image by image.
    let (bytes, overflow) = count.multipliedReportingOverflow(by: GlyphRenderer.area)
    guard !overflow, let memory = malloc(bytes) else {
      let size = GlyphRenderer.area
      ProgrammerError.end("GeneratedImages.dataset: there is no memory for \(count) images of \(size) bytes")
    }
    pixels = memory.bindMemory(to: UInt8.self, capacity: bytes)
    requireMemory(for: "GeneratedImages.dataset", count, of: 1)
    states = .allocate(capacity: count)
    for index in 0..<count { (states + index).initialize(to: Atomic(ImageCache.absent)) }
  }

  deinit {
    states.deinitialize(count: count)
    states.deallocate()
    free(pixels)
  }

  /// Copies image `index` to `output`, drawing it first if necessary.
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
