import Diagnostics
import Testing

private enum SampleError: ExplainedError {
  case broken
  var kind: FailureKind { .item }
  var code: String { "sample.broken" }
  var what: String { "The lid is broken" }
  var place: String? { "page 3" }
  var remedy: String { "Glue it." }
}

@Test func `an explained error reads place, what, remedy`() {
  #expect(SampleError.broken.description == "page 3: The lid is broken. Glue it.")
  #expect("\(SampleError.broken)" == "page 3: The lid is broken. Glue it.")
}

@Test func `kinds map to the public exit codes`() {
  #expect([FailureKind.item, .finding, .request, .surroundings].map(\.exitCode) == [1, 1, 2, 3])
}

@Test func `redacted text never shows, whatever prints it`() {
  let secret = Redacted("ZZNAME")
  var dumped = ""
  dump(secret, to: &dumped)
  dump([secret], to: &dumped)
  for text in ["\(secret)", String(describing: secret), String(reflecting: secret), "\([secret])", "\(Optional(secret) as Any)", dumped] {
    #expect(!text.contains("ZZNAME"))
  }
  #expect(secret.revealed == "ZZNAME")
}

@Test func `an interruption is remembered until it is reset`() {
  Interruption.reset()
  #expect(!Interruption.isRequested)
  Interruption.request()
  #expect(Interruption.isRequested)
  Interruption.reset()
  #expect(!Interruption.isRequested)
}
