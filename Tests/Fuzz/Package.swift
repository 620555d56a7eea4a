// swift-tools-version: 6.2
import PackageDescription

// Built by Scripts/fuzz, which adds the coverage and the sanitizer that libFuzzer needs; a package of its own, since what
// it links is no part of what others depend on.
let package = Package(
  name: "fuzz",
  dependencies: [.package(name: "swift-nn", path: "../..", traits: [])],
  targets: [
    .target(name: "LibFuzzer", path: "LibFuzzer"),
    .target(
      name: "FuzzReaders", dependencies: [.product(name: "NeuralNetworks", package: "swift-nn")], path: "Readers"),
    .executableTarget(
      name: "fuzz", dependencies: ["LibFuzzer", "FuzzReaders"], path: "Driver",
      // The other linker breaks off over the debug information of libFuzzer.
      linkerSettings: [.unsafeFlags(["-use-ld=lld"])]),
  ],
  swiftLanguageModes: [.v6]
)
