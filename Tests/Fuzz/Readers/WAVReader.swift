import Datasets
import NeuralNetworks

extension FuzzReader {
  /// Reads all samples, in pieces too, and writes them as floating-point numbers, which do not change.
  static let wav = FuzzReader("wav") { path in
    let file = try WAVFile(path)
    let samples = try file.samples()
    require(samples.shape == [file.channels, file.frames], "wav: samples of \(samples.shape)")
    let half = file.frames / 2
    let parts = [try file.samples(in: 0..<half), try file.samples(in: half..<file.frames)]
    try requireSame(.concatenated(parts, axis: 1), samples, "wav: the parts")
    // More channels than a frame of another format can have are refused.
    do { try WAVFile.write(samples, sampleRate: file.sampleRate, to: path, format: .float64) } catch is DataError {
      return
    }
    let again = try WAVFile(path)
    require(again.sampleRate == file.sampleRate && again.format == .float64, "wav: another header came back")
    try requireSame(try again.samples(), samples, "wav")
  }
}
