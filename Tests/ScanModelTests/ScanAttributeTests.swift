import ScanModel
import Testing

@Suite struct ScanAttributeTests {
  @Test(arguments: [
    ("044Y", "040-049"), ("007M", "000-009"), ("130M", "010-019"), ("000D", "000-009"), ("089Y", "080-089"), ("090Y", "090+"), ("104Y", "090+"),
    ("999W", "010-019"),
  ])
  func `an age becomes its decade, and 90 and more are one band`(age: String, band: String) {
    #expect(AgeBand(age: age)?.text == band)
    #expect(AgeBand(band)?.text == band)
  }

  @Test(arguments: ["", "44Y", "0044Y", "04 Y", "044y", "-44Y", "044", "٠٤٤Y"])
  func `what is no age of DICOM has no band`(age: String) { #expect(AgeBand(age: age) == nil) }

  @Test func `the age of an image of nobody lies in its band`() {
    for band in ["000-009", "040-049", "080-089", "090+"] {
      let age = AgeBand(band)?.age ?? ""
      #expect(AgeBand(age: age)?.text == band, "\(age)")
    }
  }

  @Test func `values are spelled one way, and others are none`() {
    #expect(ScanAttribute.bodyPart.value(" head neck ") == "HEAD NECK")
    #expect(ScanAttribute.modality.value("ct") == "CT")
    #expect(ScanAttribute.sex.value("f") == "F")
    #expect(ScanAttribute.ageBand.value("100-109") == "090+")
    for (attribute, text) in [
      (ScanAttribute.sex, "X"), (.sex, ""), (.ageBand, "40-49"), (.ageBand, "041-050"), (.ageBand, "44"), (.modality, "C/T"),
      (.bodyPart, "SEVENTEEN LETTERS"), (.bodyPart, "KÖRPER"),
    ] { #expect(attribute.value(text) == nil, "\(text)") }
  }
}
