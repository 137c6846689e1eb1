import ArgumentParser
import Diagnostics
import Foundation
import ScanDeid
import ScanPipeline

/// `scanforge deidentify`: de-identified copies, without a workspace.
struct Deidentify: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write de-identified copies of DICOM, TIFF and PNG files.",
    discussion: """
      Outputs are named PATIENT/STUDY/SERIES/INSTANCE by their new ids. Options:
      \(DeidOption.allCases.map { "  \($0.rawValue): \($0.describeActions())" }.joined(separator: "\n"))
      """)

  @OptionGroup var common: CommonOptions

  @Argument(help: "Files, or folders with files at any depth.")
  var inputs: [String]

  @Option(help: "Folder for the copies; outside every input folder. Files that are there are never replaced.")
  var output: String

  @Option(help: "Confidentiality profile of DICOM PS3.15: basic.")
  var profile = "basic"

  @Option(name: .customLong("option"), help: "An option of the profile, see above. Repeatable.")
  var options: [String] = []

  @Option(help: "Pseudonym key, made when the file does not exist. Without it a key is made for this run and dropped.")
  var key: String?

  @Option(help: "Folder for uid_mapping.csv and patid_mapping.csv (id_old,id_new), which lead back to the patients.")
  var mapping: String?

  @Flag(help: "Keep the inputs' file names. They may identify patients.")
  var keepNames = false

  @Option(help: "When a file fails: continue, stop.")
  var onItemError: DeidentifyBatch.ItemErrorPolicy = .continue

  @Flag(help: "Name the paths of failed files, on standard error only.")
  var showPaths = false

  func run() throws {
    try common.perform { console in
      try OutputFolder.check(URL(fileURLWithPath: output))
      let batch = DeidentifyBatch(
        inputs: inputs, output: output, profile: profile, options: options, keyFile: key, mappingFolder: mapping, keepsNames: keepNames,
        onItemError: onItemError, threads: common.threadCount)
      let summary = try batch.run(progress: console.progress) { failure in
        console.warn("item \(failure.item.number) (\(failure.id)): \(failure.error.description)")
        if showPaths { Console.writeError("item \(failure.item.number): \(failure.item.path.revealed)") }
      }
      console.result(summary)
      report(summary, console)
      return summary.ok
    }
  }

  private func report(_ summary: DeidentifySummary, _ console: Console) {
    console.say(
      "\(summary.files) files of \(summary.patients) patients: \(summary.written) written, \(summary.unchanged) already there, \(summary.failed) failed."
    )
    console.say(
      "Profile \(summary.profile), PS3.15 \(summary.edition)\(summary.options.isEmpty ? "" : ", with " + summary.options.joined(separator: ", "))."
    )
    if summary.quarantined > 0 {
      console.say("Held back: \(summary.quarantined), whose output still held an identifier of the input. Nothing of them was written.")
    }
    let told = summary.skipped.words
    if !told.isEmpty { console.say("Passed over: \(told.joined(separator: ", ")).") }
    for (risk, count) in summary.risks.sorted(by: { $0.key < $1.key }) {
      console.say("Risk in \(count) files: \(Deidentify.sentence(risk)) Pixels were not changed.")
    }
    if summary.keyFingerprint == nil {
      console.say("The key of this run was dropped: another run gives other pseudonyms. Keep one with --key FILE.")
    }
    if summary.isInterrupted { console.say("Interrupted; the same command goes on with the rest.") }
  }

  private static func sentence(_ risk: String) -> String {
    switch PixelRisk(rawValue: risk) {
    case .burnedIn: "text may be burned into the image."
    case .face: "a face can be rendered from a head scan."
    case .overlayBits: "an overlay may lie in unused bits of the pixels."
    case nil: "\(risk)."
    }
  }
}

extension DeidentifyBatch.ItemErrorPolicy: ExpressibleByArgument {}
