package import ForgeNN

/// What has happened in a training so far: looks, returns to a checkpoint, the best checkpoint. Stored with the state; holds no times.
package struct TrainingRecord: Sendable, Equatable {
  /// One look by the probe.
  package struct Look: Sendable, Equatable {
    package var step: Int
    /// Returns before it.
    package var attempt: Int
    package var result: ProbeResult

    package init(step: Int, attempt: Int, result: ProbeResult) {
      self.step = step
      self.attempt = attempt
      self.result = result
    }
  }

  /// A finding, or a change of kernels, that was told alone.
  package struct Warning: Sendable, Equatable {
    package var step: Int
    package var finding: TrainingFinding

    package var sentence: String { "\(finding.text), at step \(step)" }
  }

  /// One return to a checkpoint.
  package struct Return: Sendable, Equatable {
    /// Steps done when the failure was found.
    package var step: Int
    /// Steps of the checkpoint.
    package var to: Int
    package var finding: TrainingFinding
    /// No time was left to train on: the checkpoint is the result.
    package var isEnd: Bool

    package init(step: Int, to: Int, finding: TrainingFinding, isEnd: Bool = false) {
      self.step = step
      self.to = to
      self.finding = finding
      self.isEnd = isEnd
    }

    package var sentence: String {
      let found = "\(finding.text), at step \(step): "
      if isEnd { return found + "the time is over, so the model is the best checkpoint, of step \(to)" }
      return found + "back to " + (to == 0 ? "the start" : "the best checkpoint, of step \(to),")
        + " with other random numbers and half of the learning rates"
    }
  }

  /// The checkpoint to return to; lies in `ModelFolder.best(step:)`.
  package struct Best: Sendable, Equatable {
    package var step: Int
    /// Nil for one that was not looked at: the start.
    package var result: ProbeResult?

    package init(step: Int, result: ProbeResult?) {
      self.step = step
      self.result = result
    }

    /// Whether a state that was looked at is as good or better.
    func isBeaten(by newer: ProbeResult) -> Bool {
      guard let result, newer.phase == result.phase, let old = result.score, let score = newer.score else { return true }
      return score <= old
    }
  }

  package var looks: [Look] = []
  package var returns: [Return] = []
  package var warnings: [Warning] = []
  package var best: Best?
  /// What ended a training that had no returns left.
  package var failure: TrainingFinding?
  /// What scores are, from the probe; nil before the first look.
  package var criterion: JSON?
  /// Name of the kernel table that the last steps were done with; nil in a state of an earlier version.
  package var kernels: String?

  package init() {}

  package var attempt: Int { returns.count }
  /// Steps of the best checkpoint where a failure made it the model; nil without such an end, and when no checkpoint was worth keeping.
  package var keptStep: Int? {
    guard failure != nil || returns.last?.isEnd == true, let best, best.result != nil else { return nil }
    return best.step
  }
  /// What learning rates are multiplied by.
  package var rateScale: Float { (0..<attempt).reduce(1) { rate, _ in rate / 2 } }

  /// Lines of the loss log when `step` steps are done: one per step, those of given-up stretches included, and one per return.
  func logLines(step: Int) -> Int {
    var lines = 0
    var start = 0
    for back in returns {
      lines += back.step - start + 1
      start = back.to
    }
    return lines + step - start
  }
}

// MARK: - Stored form

extension TrainingRecord {
  package var json: JSON {
    var members: [String: JSON] = [
      "looks": .array(
        looks.map { look in
          .object((look.result.json.objectValue ?? [:]).merging(["step": .integer(look.step), "attempt": .integer(look.attempt)]) { $1 })
        }),
      "returns": .array(
        returns.map { back in
          var values: [String: JSON] = [
            "step": .integer(back.step), "to": .integer(back.to), "detector": .string(back.finding.detector), "text": .string(back.finding.text),
          ]
          if back.isEnd { values["end"] = true }
          return .object(values)
        }),
    ]
    if !warnings.isEmpty {
      members["warnings"] = .array(
        warnings.map { ["step": .integer($0.step), "detector": .string($0.finding.detector), "text": .string($0.finding.text)] })
    }
    if let best {
      var values = best.result?.json.objectValue ?? [:]
      values["step"] = .integer(best.step)
      members["best"] = .object(values)
    }
    if let failure { members["failure"] = ["detector": .string(failure.detector), "text": .string(failure.text)] }
    if let criterion { members["criterion"] = criterion }
    if let kernels { members["kernels"] = .string(kernels) }
    return .object(members)
  }

  /// - Returns: nil for JSON of another form.
  package init?(_ json: JSON) {
    func finding(_ json: JSON) -> TrainingFinding? {
      guard let detector = json["detector"]?.stringValue, let text = json["text"]?.stringValue else { return nil }
      return TrainingFinding(detector: detector, text: text)
    }
    for item in json["looks"]?.arrayValue ?? [] {
      guard let step = item["step"]?.integerValue, let attempt = item["attempt"]?.integerValue, let result = ProbeResult(item) else {
        return nil
      }
      looks.append(Look(step: step, attempt: attempt, result: result))
    }
    for item in json["returns"]?.arrayValue ?? [] {
      guard let step = item["step"]?.integerValue, let to = item["to"]?.integerValue, let finding = finding(item) else { return nil }
      returns.append(Return(step: step, to: to, finding: finding, isEnd: item["end"]?.boolValue ?? false))
    }
    for item in json["warnings"]?.arrayValue ?? [] {
      guard let step = item["step"]?.integerValue, let finding = finding(item) else { return nil }
      warnings.append(Warning(step: step, finding: finding))
    }
    if let item = json["best"] {
      guard let step = item["step"]?.integerValue else { return nil }
      best = Best(step: step, result: ProbeResult(item))
    }
    failure = json["failure"].flatMap(finding)
    criterion = json["criterion"]
    kernels = json["kernels"]?.stringValue
  }
}
