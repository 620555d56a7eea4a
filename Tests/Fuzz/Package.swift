// swift-tools-version: 6.2
import PackageDescription

// Built by Scripts/fuzz, which adds the coverage and the sanitizer that libFuzzer needs. This is a separate package,
// because dependents of the main package do not need the libraries that it links.
let package = Package(
  name: "fuzz",
  dependencies: [.package(name: "swift-nn", path: "../..", traits: [])],
  targets: [
    .target(name: "LibFuzzer", path: "LibFuzzer"),
    .target(
      name: "FuzzReaders",
      dependencies: [
        .product(name: "NeuralNetworks", package: "swift-nn"), .product(name: "ImageFiles", package: "swift-nn"),
      ],
      path: "Readers"),
    .executableTarget(
      name: "fuzz", dependencies: ["LibFuzzer", "FuzzReaders"], path: "Driver",
      // The other linker aborts because of the debug information of libFuzzer.
      linkerSettings: [.unsafeFlags(["-use-ld=lld"])]),
  ],
  swiftLanguageModes: [.v6]
)
