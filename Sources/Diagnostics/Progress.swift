/// What long work tells about itself. Libraries send these; only the program's renderers print.
package enum ProgressEvent: Sendable, Equatable {
  /// A stage began; `total` counts `unit`s, nil when unknown.
  case began(stage: String, total: Int?, unit: String)
  /// `done` units are finished since `began`.
  case advanced(stage: String, done: Int)
  /// A figure worth showing beside the bar (`loss`, `psnr`), already formatted by its name.
  case measured(stage: String, name: String, value: Double)
  /// A sentence for the user. Never holds an identified value.
  case note(stage: String, text: String)
  /// Something that deserves attention. Never holds an identified value.
  case warning(stage: String, text: String)
  /// The stage is over.
  case ended(stage: String, summary: String)
}

/// Receives progress from any thread.
package typealias ProgressSink = @Sendable (ProgressEvent) -> Void
