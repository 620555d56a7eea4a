import HostSystem
import BackendCPU
import CommandSupport
import NeuralNetworks

extension Case {
  /// What it costs to share work among the threads of the CPU backend: a region without work straight after another one and
  /// after a while without any, and two chunks of 20 µs, which take 20 µs at best.
  static var regions: [Case] {
    [
      emptyRegion("hot", gap: nil), emptyRegion("after 50 µs", gap: 50e-6), emptyRegion("after 1 ms", gap: 1e-3),
      Case(name: "region 20 µs", shape: "2 chunks") { device in
        region(device, chunks: 2) { _ in spin(20e-6) }
      },
    ]
  }

  private static func emptyRegion(_ shape: String, gap: Double?) -> Case {
    Case(name: "region empty", shape: shape, gap: gap) { device in
      region(device, chunks: (device.backend as? CPUBackend)?.threadCount ?? 1) { _ in }
    }
  }

  /// Nothing at all on a device that shares no work among threads.
  private static func region(_ device: Device, chunks: Int, _ body: @escaping (Int) -> Void) -> Operation {
    let backend = device.backend as? CPUBackend
    return {
      backend?.share(chunks, body)
      return nil
    }
  }
}

/// Keeps the processor busy.
func spin(_ seconds: Double) {
  let end = monotonicSeconds() + seconds
  while monotonicSeconds() < end {}
}
