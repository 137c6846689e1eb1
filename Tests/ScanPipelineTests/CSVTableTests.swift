import ScanPipeline
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
