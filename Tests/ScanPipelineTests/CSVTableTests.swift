import Diagnostics
import Foundation
import ScanModel
import ScanPipeline
import TestSupport
import Testing

@Test func `quoted fields may hold commas, quotes and line breaks`() throws {
  let table = try CSVTable("path,label\r\n\"a,b.dcm\",\"say \"\"hi\"\"\"\r\n\"c\nd\",\n\n")
  #expect(table.header == ["path", "label"])
  #expect(table.rows == [["a,b.dcm", "say \"hi\""], ["c\nd", ""]])
}

@Test func `a wrong table is named by row`() {
  #expect(throws: CSVError.unevenRow(2, expected: 2, found: 3)) { try CSVTable("a,b\n1,2,3\n") }
  #expect(throws: CSVError.openQuote(row: 2)) { try CSVTable("a,b\n\"1,2\n") }
  #expect(throws: CSVError.noHeader(missing: "path")) { try CSVTable("") }
  #expect(throws: CSVError.noHeader(missing: "subject")) { try CSVTable("path\nx\n").column("subject") }
}

@Test func `rows with labels that match no file are counted, the first by its number`() throws {
  let folder = try TestData.temporaryFolder("sheet")
  defer { try? FileManager.default.removeItem(at: folder) }
  let csv = folder.appendingPathComponent("labels.csv")
  try "path,label\na.tif,x\nZZNAME.tif,x\nb.tif,y\nc.tif,y\n".write(to: csv, atomically: true, encoding: .utf8)
  let sheet = try ScanSheet(labels: .csv(csv.path), subjects: .standard)
  let files = ["a.tif", "b.tif", "c.tif", "ZZNAME.tif", "other.tif"].map { folder.appendingPathComponent($0) }
  #expect(sheet.warning(beside: files) == nil)
  #expect(
    sheet.warning(beside: [files[0], files[2], files[4]])
      == "2 of the rows with labels match no file, the first is row 3 of the CSV file; its column path is relative to the CSV file's folder")
  #expect(try ScanSheet(labels: .folder, subjects: .standard).warning(beside: []) == nil)
}

@Test func `a sheet tells attributes of files, and a value that is none is named by row and column`() throws {
  let folder = try TestData.temporaryFolder("sheet")
  defer { try? FileManager.default.removeItem(at: folder) }
  let csv = folder.appendingPathComponent("labels.csv")
  func sheet(_ text: String) throws -> ScanSheet {
    try text.write(to: csv, atomically: true, encoding: .utf8)
    return try ScanSheet(labels: .csv(csv.path), subjects: .standard)
  }
  let known = try sheet("path,label,sex,age_band,modality,body_part\na.tif,x,f,040-049,MR,Head\nb.tif,x,,,,\n")
  #expect(known.attributes(of: folder.appendingPathComponent("a.tif")) == [.sex: "F", .ageBand: "040-049", .modality: "MR", .bodyPart: "HEAD"])
  for name in ["b.tif", "c.tif"] { #expect(known.attributes(of: folder.appendingPathComponent(name)).isEmpty) }
  let error = CSVError.badValue(row: 3, column: "age_band", form: "a decade such as 040-049, or 090+")
  #expect(throws: error) { try sheet("path,label,age_band\na.tif,x,\nb.tif,x,44\n") }
  #expect(error.description == "row 3: The column age_band holds something else than a decade such as 040-049, or 090+. Mend the row; an empty field means unknown.")
}
