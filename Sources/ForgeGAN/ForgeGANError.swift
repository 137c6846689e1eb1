package import Diagnostics

/// Why a model cannot be made, trained or used.
package enum ForgeGANError: ExplainedError, Equatable {
  case unknownModel(String, known: [String])
  case unknownOption(String, model: String, known: [String])
  case badOption(String, model: String, reason: String)
  /// The data do not fit the model: what the model needs.
  case unsuitableData(model: String, reason: String)
  /// An image that was there when the training began cannot be read any more.
  case dataUnreadable(reason: String)
  case badPlan(reason: String)
  /// A weight is NaN or infinite where a run ends early. The last checkpoint is sound.
  case diverged(model: String, step: Int, measure: String)
  /// A training failed again after all the returns to its best checkpoint that it has; `best` counts that checkpoint's steps, 0 for none.
  case failed(model: String, step: Int, finding: String, returns: Int, best: Int)
  /// A stored state was trained with something else.
  case resumeMismatch(reason: String)
  case unknownLabel(String, known: [String])
  /// A value of an attribute that no training image had.
  case unknownValue(String, attribute: String, known: [String])
  /// A value was asked for of an attribute that the model does not know.
  case notConditioned(String, known: [String])
  /// No training image has a known value of an attribute to condition on.
  case noValues(String, known: [String])
  case unsuitablePlane(reason: String)
  /// A network made a number that is NaN or infinite.
  case notFinite(model: String)
  case logUnwritable(reason: String)

  package var kind: FailureKind {
    switch self {
    case .diverged, .failed: .finding
    case .unsuitablePlane, .notFinite: .item
    case .logUnwritable, .dataUnreadable: .surroundings
    default: .request
    }
  }

  package var code: String {
    switch self {
    case .unknownModel: "model.unknown"
    case .unknownOption: "model.unknownOption"
    case .badOption: "model.badOption"
    case .unsuitableData: "model.unsuitableData"
    case .dataUnreadable: "training.dataUnreadable"
    case .badPlan: "training.badPlan"
    case .diverged: "training.diverged"
    case .failed: "training.failed"
    case .resumeMismatch: "training.resumeMismatch"
    case .unknownLabel: "model.unknownLabel"
    case .unknownValue: "model.unknownValue"
    case .notConditioned: "model.notConditioned"
    case .noValues: "model.noValues"
    case .unsuitablePlane: "model.unsuitablePlane"
    case .notFinite: "model.notFinite"
    case .logUnwritable: "training.logUnwritable"
    }
  }

  package var what: String {
    switch self {
    case .unknownModel(let name, _): "there is no model \"\(name)\""
    case .unknownOption(let key, let model, _): "\(model) has no option \"\(key)\""
    case .badOption(let key, let model, let reason): "\(model): \(key) \(reason)"
    case .unsuitableData(let model, let reason): "\(model) cannot learn from these images: \(reason)"
    case .dataUnreadable(let reason): "the training images cannot be read: \(reason)"
    case .badPlan(let reason): reason
    case .diverged(let model, let step, let measure): "\(model): the \(measure) is not a finite number at step \(step)"
    case .failed(let model, let step, let finding, let returns, let best):
      "\(model): the training failed at step \(step) after \(returns) returns to its best checkpoint: \(finding); "
        + (best > 0 ? "the best model, of step \(best), is kept" : "no model is worth keeping")
    case .resumeMismatch(let reason): "the stored training cannot go on: \(reason)"
    case .unknownLabel(let name, _): "the model was not trained on the label \"\(name)\""
    case .unknownValue(let value, let attribute, _): "the model was not trained on the \(attribute) \"\(value)\""
    case .notConditioned(let attribute, _): "the model is not conditioned on \(attribute)"
    case .noValues(let attribute, _): "of no training image \(attribute) is known"
    case .unsuitablePlane(let reason): "the image cannot be enlarged: \(reason)"
    case .notFinite(let model): "\(model) made numbers that are not finite: its weights, or the image's values, are too large for this arithmetic"
    case .logUnwritable(let reason): "the training log cannot be written: \(reason)"
    }
  }

  package var remedy: String {
    switch self {
    case .unknownModel(_, let known): "Use one of \(known.joined(separator: ", "))."
    case .unknownOption(_, _, let known): "Use one of \(known.joined(separator: ", "))."
    case .badOption: "Change the option, or leave it out for its default."
    case .unsuitableData: "Change the selection of images or the size."
    case .dataUnreadable: "Make the images readable again and resume: the last checkpoint holds all steps so far."
    case .badPlan: "Give steps, minutes or both, each above zero."
    case .diverged: "Use --resume: the training goes on from the last checkpoint, and goes back to its best one where the failure is found."
    case .failed:
      "Train anew with --replace: lower learning rates, more images, augmentation on, or another seed; docs/guides/when-a-training-goes-wrong.md says which."
    case .resumeMismatch: "Use the options of the first run, or train anew with --replace."
    case .unknownLabel(_, let known): "Use one of \(known.joined(separator: ", "))."
    case .unknownValue(_, let attribute, let known): "Use one of \(known.joined(separator: ", ")), or leave \(attribute) out for a mix."
    case .notConditioned(let attribute, let known):
      (known.isEmpty ? "It knows labels alone." : "It is conditioned on \(known.joined(separator: ", ")).") + " Train one with condition: [\(attribute)]."
    case .noValues(let attribute, let known):
      (known.isEmpty ? "" : "Known are \(known.joined(separator: ", ")). ") + "Leave \(attribute) out of condition, or take the images in with what tells it: "
        + "de-identification that retains it, or a column of the CSV file."
    case .unsuitablePlane: "Give an image of finite values with at least one row and one column."
    case .notFinite: "Use a sound model; with --precision int16, try fp32, whose range is wider."
    case .logUnwritable: "Check free space and permissions of the run's folder."
    }
  }
}
