import NeuralNetworks
import Testing

extension PyTorchVectorTests.Pair {
  static let recurrent: [Self] = [
    Self(testDescription: "rnn") { SimpleRNN(4, returnsSequence: true) },
    Self(testDescription: "rnn_last") { SimpleRNN(4) },
    Self(testDescription: "rnn_padded") { Bidirectional { SimpleRNN(3, returnsSequence: true, masksZeros: true) } },
    Self(testDescription: "rnn_padded_last") { SimpleRNN(4, masksZeros: true) },
    Self(testDescription: "lstm") { LSTM(4, returnsSequence: true) },
    Self(testDescription: "lstm_last") { LSTM(4) },
    Self(testDescription: "lstm_padded") { Bidirectional { LSTM(3, returnsSequence: true, masksZeros: true) } },
    Self(testDescription: "lstm_padded_last") { LSTM(4, masksZeros: true) },
    Self(testDescription: "gru") { GRU(4, returnsSequence: true) },
    Self(testDescription: "gru_last") { GRU(4) },
    Self(testDescription: "gru_padded") { Bidirectional { GRU(3, returnsSequence: true, masksZeros: true) } },
    Self(testDescription: "gru_padded_last") { GRU(4, masksZeros: true) },
  ]
}

extension PyTorchVectorTests {
  /// Recurrent layers with weights from PyTorch, matrices transposed.
  @Test(arguments: TestDevices.all, Pair.recurrent)
  func recurrent(_ device: Device, _ pair: Pair) throws {
    try compare(pair, with: "recurrent", on: device)
  }
}
