import Synchronization

/// Constants of a layer that are computed on the host. They are uploaded once, not at each call, and kept until they are
/// needed on another device or with another element type.
final class LayerConstants: Sendable {
  private struct Kept {
    let device: Device
    let dtype: DType
    let tensors: [Tensor]
  }

  private let kept = Mutex<Kept?>(nil)

  /// Returns the tensors that `make` creates on a device, or those of an earlier call.
  func tensors(on device: Device, _ dtype: DType, _ make: () -> [Tensor]) -> [Tensor] {
    if let kept = kept.withLock({ $0 }), kept.device == device, kept.dtype == dtype { return kept.tensors }
    let tensors = make()
    // Tensors made during a recording are part of it, and those made during shape inference have no numbers.
    if !device.isBeingRecorded && !device.isShapeOnly && !tensors.contains(where: \.isPoisoned) {
      kept.withLock { $0 = Kept(device: device, dtype: dtype, tensors: tensors) }
    }
    return tensors
  }

  /// Releases the tensors, after the layer has changed.
  func forget() { kept.withLock { $0 = nil } }
}
