import Foundation

// Writes the seed corpus of the fuzzers: small files of every encoding that the product reads. The same program gives the same bytes.
let usage = "usage: make-fuzz-seeds OUTDIR\n"
guard CommandLine.arguments.count == 2, let folder = CommandLine.arguments.last, !folder.hasPrefix("-") else {
  FileHandle.standardError.write(Data(usage.utf8))
  exit(2)
}
do {
  let root = URL(fileURLWithPath: folder)
  for (name, seeds) in [("dicom", try DICOMSeeds.all()), ("tiff", try TIFFSeeds.all())] {
    let place = root.appendingPathComponent(name)
    try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
    for (file, bytes) in seeds { try Data(bytes).write(to: place.appendingPathComponent(file)) }
    print("\(seeds.count) seeds in \(place.path)")
  }
} catch {
  FileHandle.standardError.write(Data("make-fuzz-seeds: \(error)\n".utf8))
  exit(3)
}
