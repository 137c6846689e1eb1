import ScanModel

/// Coded strings whose values PS3.3 enumerates: any other word in their place says something else.
enum EnumeratedTerms {
  static func of(_ tag: Tag) -> Set<String>? { byTag[tag.packed] }

  private static let byTag: [UInt32: Set<String>] = {
    var byTag: [UInt32: Set<String>] = [:]
    for line in lists.split(separator: "\n") {
      let parts = line.split(separator: ":")
      // Careless writers answer any question with YES or NO.
      let terms = Set(parts[0].split(separator: ",").map(String.init)).union(["YES", "NO"])
      for keyword in parts[1].split(separator: " ") {
        guard let tag = DataDictionary.tag(keyword: String(keyword)) else { preconditionFailure("PS3.6 has no \(keyword)") }
        byTag[tag.packed] = terms
      }
    }
    return byTag
  }()

  /// Terms : attributes by keyword. PS3.3 annex C.
  private static let lists = """
    YES,NO:BurnedInAnnotation RecognizableVisualFeatures BreastImplantPresent PartialView PatientIdentityRemoved MultipleSpinEcho \
    MultiPlanarExcitation PhaseContrast TimeOfFlightContrast T2Preparation SaturationRecovery ParallelAcquisition PartialFourier
    Y,N:AcquisitionTimeSynchronized
    BOTH:QualityControlImage
    00,01:LossyImageCompression
    R,L,U,B,LEFT,RIGHT,BOTH,UNPAIRED:Laterality ImageLaterality FrameLaterality
    1D,2D,3D:MRAcquisitionType
    IDENTITY,INVERSE,LIN OD:PresentationLUTShape
    PRODUCT,RESEARCH,SERVICE:ContentQualification
    MATCH,NO_MATCH:ImageSetSelectorUsageFlag
    SCHEDULED,IN PROGRESS,CANCELED,COMPLETED:ProcedureStepState
    """
}
