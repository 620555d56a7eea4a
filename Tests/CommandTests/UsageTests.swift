import TestSupport
import Testing

@Suite("Wrong command lines")
struct UsageTests {
  @Test(arguments: [
    (["--batch-size", "0"], "--batch-size 0"), (["--batch-size", "x"], "--batch-size"),
    (["--learning-rate", "fast"], "--learning-rate"), (["--learning-rate", "nan"], "--learning-rate nan"),
    (["--learning-rate", "0"], "--learning-rate"), (["--learning-rate=-1"], "--learning-rate"),
    (["--epochs", "0"], "--epochs 0"), (["--hidden", "128,0"], "--hidden"), (["--hidden", "a"], "--hidden"),
    (["--dropout", "1"], "--dropout 1"), (["--optimizer", "adm"], "adamw"), (["--activation", "rel"], "relu"),
    (["--dataset", "cifar"], "fashion-mnist"), (["--dataset", "mnist"], "--data"), (["--dataset", "csv"], "--data"),
    (["--data", "x"], "--data"), (["--limit", "0"], "--limit 0"), (["--validation", "1"], "--validation 1"),
    (["--patience", "0"], "--patience 0"), (["--download"], "--download"), (["--device", "tpu"], "opencl:P:D"),
    (["--shift", "9223372036854775807"], "--shift"), (["--model", "x.json", "--hidden", "8"], "--hidden: --model"),
    (["--dataset", "csv", "--data", "x", "--label=0"], "--label 0"),
    (["--dataset", "csv", "--data", "x", "--label=-9223372036854775808"], "--label -9"),
    (["--tensorboard", ""], "--tensorboard: expected the name of a folder"),
    (["--augment", "turn"], "'turn' is unknown; there are vertical-flip, rotation, zoom"),
    (["--augment", "hue=1"], "hue=1: expected a number from 0 to 0.5"), (["--augment", "zoom="], "zoom=: expected a"),
    (["--augment", "posterization=2.5"], "expected an integer from 1 to 8"), (["--augment", ""], "'' is unknown"),
    (["--device", "opencl:0"], "opencl:P:D"), (["--seed", "-1"], "--seed"), (["--speed", "9"], "--speed"),
  ])
  func trainRefuses(_ arguments: [String], _ word: String) throws {
    let folder = try TemporaryFolder()
    let result = try Command.nn(["train", "--save", folder("model.safetensors")] + arguments)
    expectFault(result, 64, word)
    #expect(try folder.names.isEmpty)
  }

  @Test func otherCommandsRefuse() throws {
    expectFault(try Command.nn("evaluate"), 64, "--model")
    expectFault(try Command.nn("predict", "--model", "x", "--examples", "3-1"), 64, "--examples")
    expectFault(try Command.nn("summary", "--classes", "0"), 64, "--classes 0")
    expectFault(try Command.nn("summary", "--input-shape", "28,-1"), 64, "--input-shape")
    expectFault(try Command.nn("summary", "--model", "x.json", "--activation", "relu"), 64, "--activation: --model")
    let folder = try TemporaryFolder()
    let bare = try folder.write("\u{FEFF}{\"layers\":[{\"layer\":\"Dense\",\"units\":3}]}", "a.json")
    expectFault(try Command.nn("plot", bare), 64, "a.json: expected --input-shape")
    #expect(try Command.nn("plot", bare, "--input-shape", "2").status == 0)
    expectFault(try Command.nn("practice"), 64, "practice", "(see nn --help)")
    expectFault(try Command.nn("train", "--speed", "9"), 64, "(see nn train --help)")
    expectFault(try Command.bench("--filter", "no such thing"), 64, "no such thing")
    expectFault(try Command.bench("--threads", "0", "--filter", "overhead"), 64, "--threads 0")
  }

  #if DEBUG
  @Test func benchRefusesDebugBuilds() throws {
    expectFault(try Command.run("nn-bench", ["--filter", "overhead"]), 64, "debug")
  }
  #endif
}
