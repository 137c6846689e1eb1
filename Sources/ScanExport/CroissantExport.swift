package import ScanCatalog

/// `croissant/croissant.json` over `croissant/metadata.csv` and `croissant/images/*.png`.
///
/// Sources: Croissant Format Specification 1.0 and Croissant RAI Specification 1.0 (MLCommons, 2024).
package struct CroissantExport: PictureFormat {
  package static let name = "croissant"
  package init() {}

  package func folder(of item: ExportItem) -> String { "images" }

  package func columns(of file: ExportedFile) -> [String: CanonicalJSON] {
    ["file_name": .string(String(file.path.split(separator: "/").last ?? ""))]
  }

  package func documents(_ contents: ExportedSet) throws -> [ExportDocument] {
    let facts = try DatasetFacts(contents)
    let table = ContentDigest(of: contents.metadata)
    let members: [String: CanonicalJSON] = [
      "@context": Self.context, "@type": .string("sc:Dataset"),
      "conformsTo": .array([.string("http://mlcommons.org/croissant/1.0"), .string("http://mlcommons.org/croissant/RAI/1.0")]),
      "name": .string("scanforge-export"), "description": .string(facts.description), "license": .string(facts.license),
      "url": .string("urn:sha256:\(table.hex)"), "version": .string("1.0.0"), "datePublished": .string(DatasetFacts.datePublished),
      "citeAs": .string("ScanForge export, metadata \(table.hex)"), "creator": Self.organization,
      "keywords": .array(["medical imaging", "de-identified", "synthetic"].map { .string($0) }),
      "distribution": Self.distribution(table: table, byteCount: contents.metadata.count),
      "recordSet": .array([Self.recordSet]),
      "rai:dataCollection": .string(facts.collection), "rai:dataCollectionType": .string("Secondary data analysis"),
      "rai:dataPreprocessingProtocol": .string(facts.preprocessing), "rai:personalSensitiveInformation": .string(facts.deidentification),
      "rai:dataAnnotationProtocol": .string(
        "Labels as the images came with them; generated images have the label that they were made for."),
      "rai:dataBiases": .string(facts.balance),
      "rai:dataLimitations": .string("Generated and super-resolved images may show what no patient has. Not for diagnosis."),
      "rai:dataUseCases": .string(
        "Research on learning from medical images; training and testing of models, with the parts kept apart by patient."),
      "rai:dataReleaseMaintenancePlan": .string(
        "When a patient withdraws, export anew and drop this copy: the catalog lists every export that holds the patient."),
    ]
    return [ExportDocument("croissant.json", CanonicalJSON.object(members).indented)]
  }

  private static let organization = CanonicalJSON.object(["@type": .string("sc:Organization"), "name": .string("ScanForge")])

  private static func distribution(table: ContentDigest, byteCount: Int) -> CanonicalJSON {
    .array([
      .object([
        "@type": .string("cr:FileObject"), "@id": .string("metadata"), "name": .string("metadata"), "contentUrl": .string("metadata.csv"),
        "contentSize": .string("\(byteCount) B"), "encodingFormat": .string("text/csv"), "sha256": .string(table.hex),
      ]),
      .object([
        "@type": .string("cr:FileSet"), "@id": .string("images"), "name": .string("images"), "encodingFormat": .string("image/png"),
        "includes": .string("images/*.png"),
      ]),
    ])
  }

  private static func reference(_ id: String) -> CanonicalJSON { .object(["@id": .string(id)]) }

  private static func field(_ name: String, _ type: String, source: [String: CanonicalJSON]) -> [String: CanonicalJSON] {
    [
      "@type": .string("cr:Field"), "@id": .string("items/\(name)"), "name": .string(name), "dataType": .string(type),
      "source": .object(source),
    ]
  }

  /// A row of the table with its picture, joined by file name.
  private static let recordSet: CanonicalJSON = {
    let types = ["synthetic": "sc:Boolean", "window_low": "sc:Float", "window_high": "sc:Float"]
    let columns = ["file_name"] + ExportedFile.commonColumns + ["window_low", "window_high"]
    var fields = columns.map { column in
      field(
        column, types[column] ?? "sc:Text", source: ["fileObject": reference("metadata"), "extract": .object(["column": .string(column)])])
    }
    fields[0]["references"] = .object(["fileSet": reference("images"), "extract": .object(["fileProperty": .string("filename")])])
    fields.append(
      field("image", "sc:ImageObject", source: ["fileSet": reference("images"), "extract": .object(["fileProperty": .string("content")])]))
    return .object([
      "@type": .string("cr:RecordSet"), "@id": .string("items"), "name": .string("items"), "key": reference("items/file_name"),
      "description": .string("One row for each image."), "field": .array(fields.map { .object($0) }),
    ])
  }()

  /// The context that the specification gives for 1.0.
  private static let context: CanonicalJSON = {
    var members: [String: CanonicalJSON] = [
      "@language": .string("en"), "@vocab": .string("https://schema.org/"), "cr": .string("http://mlcommons.org/croissant/"),
      "rai": .string("http://mlcommons.org/croissant/RAI/"), "dct": .string("http://purl.org/dc/terms/"),
      "sc": .string("https://schema.org/"),
      "conformsTo": .string("dct:conformsTo"), "data": .object(["@id": .string("cr:data"), "@type": .string("@json")]),
      "examples": .object(["@id": .string("cr:examples"), "@type": .string("@json")]),
      "dataType": .object(["@id": .string("cr:dataType"), "@type": .string("@vocab")]),
    ]
    for term in [
      "citeAs", "column", "equivalentProperty", "extract", "field", "fileProperty", "fileObject", "fileSet", "format", "includes",
      "isLiveDataset",
      "jsonPath", "key", "md5", "parentField", "path", "recordSet", "references", "regex", "repeated", "replace", "samplingRate",
      "separator",
      "source", "subField", "transform",
    ] { members[term] = .string("cr:\(term)") }
    return .object(members)
  }()
}
