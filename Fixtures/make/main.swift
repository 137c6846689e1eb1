import Foundation

let usage = """
  usage: make-phantoms OUTDIR [--seed N] [--patients N] [--slices N] [--size PIXELS] [--tiff-patients N]

  Writes labelled phantom studies with planted fake identifiers: CT-like and MR-like DICOM series, TIFF slices, masks, labels.csv and planted.txt.
  The same options give the same bytes.
  """

/// The request is wrong: exit 2, nothing written.
func refuse(_ message: String) -> Never {
  FileHandle.standardError.write(Data("make-phantoms: \(message)\n\(usage)\n".utf8))
  exit(2)
}

var set = PhantomSet()
var folder: String?
var arguments = CommandLine.arguments.dropFirst()
while let argument = arguments.popFirst() {
  func number(_ range: ClosedRange<Int>) -> Int {
    guard let text = arguments.popFirst(), let value = Int(text), range.contains(value) else {
      refuse("\(argument) needs a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }
  switch argument {
  case "--help", "-h":
    print(usage)
    exit(0)
  case "--seed": set.seed = UInt64(number(0...Int.max))
  case "--patients": set.patients = number(0...99)
  case "--slices": set.slices = number(3...99)
  case "--size": set.size = number(32...1024)
  case "--tiff-patients": set.tiffPatients = number(0...99)
  default:
    if argument.hasPrefix("-") { refuse("unknown option \(argument)") }
    if folder != nil { refuse("one output folder is enough") }
    folder = argument
  }
}
guard let folder else { refuse("an output folder is needed") }
var isFolder: ObjCBool = false
if FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), !isFolder.boolValue { refuse("\(folder) is there already and is not a folder") }
do {
  let summary = try set.write(to: URL(fileURLWithPath: folder))
  print(
    "\(summary.dicomFiles) DICOM and \(summary.tiffFiles) TIFF files with masks, \(summary.planted) planted texts, \(summary.bytes / 1_000_000) MB: \(folder)"
  )
} catch {
  let reason = error is CocoaError ? "\(folder) cannot be written. Check its permissions and the free space." : "\(error)"
  FileHandle.standardError.write(Data("make-phantoms: \(reason)\n".utf8))
  exit(3)
}
