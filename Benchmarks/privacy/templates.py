"""Instances of many SOP classes, made up, valid enough for dciodvfy, to plant identifiers in."""

import numpy
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

ROOT = "1.3.6.1.4.1.99999."

CLASSES = {
    "ct": ("1.2.840.10008.5.1.4.1.1.2", "CT"), "mr": ("1.2.840.10008.5.1.4.1.1.4", "MR"), "us": ("1.2.840.10008.5.1.4.1.1.6.1", "US"),
    "sc": ("1.2.840.10008.5.1.4.1.1.7", "OT"), "dx": ("1.2.840.10008.5.1.4.1.1.1.1", "DX"), "pet": ("1.2.840.10008.5.1.4.1.1.128", "PT"),
    "sr": ("1.2.840.10008.5.1.4.1.1.88.22", "SR"), "pdf": ("1.2.840.10008.5.1.4.1.1.104.1", "DOC"),
    "rtstruct": ("1.2.840.10008.5.1.4.1.1.481.3", "RTSTRUCT"), "rtplan": ("1.2.840.10008.5.1.4.1.1.481.5", "RTPLAN"),
    "ecg": ("1.2.840.10008.5.1.4.1.1.9.1.1", "ECG"), "enhancedmr": ("1.2.840.10008.5.1.4.1.1.4.1", "MR"),
    "gsps": ("1.2.840.10008.5.1.4.1.1.11.1", "PR"), "seg": ("1.2.840.10008.5.1.4.1.1.66.4", "SEG"),
}


def code(value, scheme, meaning):
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def reference(sop_class, uid):
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class, uid
    return item


def pixels(dataset, seed, rows=16, columns=16, bits=16, frames=1, samples=1):
    dataset.SamplesPerPixel = samples
    dataset.PhotometricInterpretation = "RGB" if samples == 3 else "MONOCHROME2"
    if samples == 3:
        dataset.PlanarConfiguration = 0
    dataset.Rows, dataset.Columns = rows, columns
    dataset.BitsAllocated = bits
    dataset.BitsStored = 12 if bits == 16 else bits
    dataset.HighBit = dataset.BitsStored - 1
    dataset.PixelRepresentation = 0
    if frames > 1:
        dataset.NumberOfFrames = frames
    count = rows * columns * frames * samples
    words = numpy.random.default_rng(seed).integers(0, 1 << dataset.BitsStored, count)
    if bits == 1:
        dataset.PixelData = numpy.packbits(words.astype("u1"), bitorder="little").tobytes()
    else:
        dataset.PixelData = words.astype("<u2" if bits == 16 else "u1").tobytes()
    dataset["PixelData"].VR = "OW" if bits == 16 else "OB"


def make(name, number=1, study=1, patient=1):
    """An instance of class `name`; UIDs follow from the numbers, so instances can refer to one another."""
    sop_class, modality = CLASSES[name]
    d = Dataset()
    d.SpecificCharacterSet = "ISO_IR 192"
    d.SOPClassUID, d.SOPInstanceUID = sop_class, f"{ROOT}{patient}.{study}.{list(CLASSES).index(name)}.{number}"
    d.StudyInstanceUID, d.SeriesInstanceUID = f"{ROOT}{patient}.{study}", f"{ROOT}{patient}.{study}.{list(CLASSES).index(name)}"
    d.StudyDate, d.StudyTime, d.AccessionNumber, d.StudyID = "20190704", "101112", "", ""
    d.ReferringPhysicianName, d.Modality, d.Manufacturer = "", modality, "SIEMENS"
    d.PatientName, d.PatientID, d.PatientBirthDate, d.PatientSex = "Quarlsborough^Zinnia", f"FAKE-{4711 + patient}", "19620314", "F"
    d.SeriesNumber, d.InstanceNumber = 3, number
    d.ContentDate, d.ContentTime = "20190704", "111213"
    if name in ("ct", "mr", "pet", "enhancedmr", "seg"):
        d.FrameOfReferenceUID, d.PositionReferenceIndicator = f"{ROOT}{patient}.{study}.77", ""
    globals()["_" + name](d, number, patient, study)
    return d


def _image(d):
    d.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    d.AcquisitionNumber = 1
    d.PatientOrientation = ["L", "P"]


def _plane(d, number):
    d.ImagePositionPatient, d.ImageOrientationPatient = [0, 0, number * 2.5], [1, 0, 0, 0, 1, 0]
    d.PixelSpacing, d.SliceThickness = [0.5, 0.5], "2.5"


def _ct(d, number, patient, study):
    _image(d)
    _plane(d, number)
    pixels(d, number)
    d.RescaleIntercept, d.RescaleSlope, d.RescaleType = "-1024", "1", "HU"
    d.KVP, d.ConvolutionKernel, d.BodyPartExamined, d.PatientPosition = "120", "B30f", "CHEST", "HFS"
    d.XRayTubeCurrent, d.ExposureTime, d.GantryDetectorTilt, d.WindowCenter, d.WindowWidth = 210, 500, "0", "40", "400"


def _mr(d, number, patient, study):
    _image(d)
    d.ImageType = ["ORIGINAL", "PRIMARY", "M", "ND"]
    _plane(d, number)
    pixels(d, number)
    d.ScanningSequence, d.SequenceVariant, d.ScanOptions, d.MRAcquisitionType = "SE", "SK", "", "2D"
    d.SequenceName, d.EchoTime, d.RepetitionTime, d.EchoTrainLength = "se2d1", "12", "500", 1
    d.MagneticFieldStrength, d.FlipAngle, d.PatientPosition, d.BodyPartExamined = "1.5", "90", "HFS", "KNEE"


def _us(d, number, patient, study):
    _image(d)
    pixels(d, number, bits=8, samples=3)
    d.LossyImageCompression = "00"


def _sc(d, number, patient, study):
    d.ConversionType, d.PatientOrientation = "WSD", ""
    pixels(d, number, bits=8)


def _dx(d, number, patient, study):
    _image(d)
    pixels(d, number)
    d.PresentationIntentType, d.ImageLaterality, d.PixelIntensityRelationship = "FOR PRESENTATION", "U", "LIN"
    d.PixelIntensityRelationshipSign, d.RescaleIntercept, d.RescaleSlope, d.RescaleType = 1, "0", "1", "US"
    d.PresentationLUTShape, d.LossyImageCompression, d.BurnedInAnnotation, d.DetectorType = "IDENTITY", "00", "NO", "DIRECT"
    d.AnatomicRegionSequence, d.AcquisitionContextSequence = Sequence([code("43799004", "SCT", "Chest")]), Sequence()
    d.WindowCenter, d.WindowWidth, d.BodyPartExamined, d.ImagerPixelSpacing = "2048", "4096", "CHEST", [0.1, 0.1]


def _pet(d, number, patient, study):
    _image(d)
    _plane(d, number)
    pixels(d, number)
    d.RescaleIntercept, d.RescaleSlope, d.Units, d.CountsSource, d.SeriesType = "0", "1.5", "BQML", "EMISSION", ["STATIC", "IMAGE"]
    d.DecayCorrection, d.CorrectedImage, d.FrameReferenceTime, d.ImageIndex = "START", ["DECY"], "1000", number
    d.NumberOfSlices, d.CollimatorType, d.SeriesTime, d.SeriesDate = 3, "NONE", "101500", "20190704"
    d.AcquisitionDate, d.AcquisitionTime, d.ActualFrameDuration = "20190704", "101530", 180000
    d.RadiopharmaceuticalInformationSequence = Sequence([Dataset()])
    d.RadiopharmaceuticalInformationSequence[0].RadionuclideCodeSequence = Sequence([code("C-111A1", "SRT", "^18^Fluorine")])
    d.PatientOrientationCodeSequence = Sequence([code("102538003", "SCT", "recumbent")])
    d.PatientGantryRelationshipCodeSequence = Sequence([code("102540008", "SCT", "headfirst")])


def _item(relationship, kind, concept):
    item = Dataset()
    if relationship:
        item.RelationshipType = relationship
    item.ValueType = kind
    item.ConceptNameCodeSequence = Sequence([concept])
    return item


def _sr(d, number, patient, study):
    d.CompletionFlag, d.VerificationFlag, d.ReferencedPerformedProcedureStepSequence = "COMPLETE", "UNVERIFIED", Sequence()
    d.PerformedProcedureCodeSequence = Sequence()
    d.ValueType, d.ContinuityOfContent = "CONTAINER", "SEPARATE"
    d.ConceptNameCodeSequence = Sequence([code("126000", "DCM", "Imaging Measurement Report")])
    text = _item("CONTAINS", "TEXT", code("121071", "DCM", "Finding"))
    text.TextValue = "Quarlsborough, Zinnia was seen with a nodule in the left lung"
    observer = _item("HAS OBS CONTEXT", "PNAME", code("121008", "DCM", "Person Observer Name"))
    observer.PersonName = "Drovermeyer^Anselm"
    number_item = _item("CONTAINS", "NUM", code("410668003", "SCT", "Length"))
    value = Dataset()
    value.NumericValue = "12.5"
    value.MeasurementUnitsCodeSequence = Sequence([code("mm", "UCUM", "millimeter")])
    number_item.MeasuredValueSequence = Sequence([value])
    picture = _item("CONTAINS", "IMAGE", code("121191", "DCM", "Referenced Segment"))
    picture.ReferencedSOPSequence = Sequence([reference(CLASSES["ct"][0], f"{ROOT}{patient}.{study}.0.1")])
    uid = _item("CONTAINS", "UIDREF", code("121126", "DCM", "Algorithm Source"))
    uid.UID = f"{ROOT}{patient}.{study}.0"
    when = _item("CONTAINS", "DATE", code("121131", "DCM", "DateTime Ended"))
    when.Date = "20190705"
    group = _item("CONTAINS", "CONTAINER", code("121070", "DCM", "Findings"))
    group.ContinuityOfContent = "SEPARATE"
    group.ContentSequence = Sequence([text, number_item])
    d.ContentSequence = Sequence([observer, group, picture, uid, when])
    series = Dataset()
    series.SeriesInstanceUID = f"{ROOT}{patient}.{study}.0"
    series.ReferencedSOPSequence = Sequence([reference(CLASSES["ct"][0], f"{ROOT}{patient}.{study}.0.1")])
    evidence = Dataset()
    evidence.StudyInstanceUID, evidence.ReferencedSeriesSequence = f"{ROOT}{patient}.{study}", Sequence([series])
    d.CurrentRequestedProcedureEvidenceSequence = Sequence([evidence])


def _pdf(d, number, patient, study):
    d.ConversionType, d.BurnedInAnnotation, d.AcquisitionDateTime = "WSD", "YES", "20190704101112"
    d.DocumentTitle, d.ConceptNameCodeSequence, d.MIMETypeOfEncapsulatedDocument = "", Sequence(), "application/pdf"
    d.EncapsulatedDocument = b"%PDF-1.4\n%Quarlsborough^Zinnia 19620314\n%%EOF\n"


def _rtstruct(d, number, patient, study):
    d.StructureSetLabel, d.StructureSetDate, d.StructureSetTime, d.OperatorsName = "PLAN", "20190704", "120000", ""
    frame = Dataset()
    frame.FrameOfReferenceUID = f"{ROOT}{patient}.{study}.77"
    contour_image = reference(CLASSES["ct"][0], f"{ROOT}{patient}.{study}.0.1")
    series = Dataset()
    series.SeriesInstanceUID, series.ContourImageSequence = f"{ROOT}{patient}.{study}.0", Sequence([contour_image])
    referenced = reference("1.2.840.10008.3.1.2.3.1", f"{ROOT}{patient}.{study}")
    referenced.RTReferencedSeriesSequence = Sequence([series])
    frame.RTReferencedStudySequence = Sequence([referenced])
    d.ReferencedFrameOfReferenceSequence = Sequence([frame])
    roi = Dataset()
    roi.ROINumber, roi.ReferencedFrameOfReferenceUID = 1, f"{ROOT}{patient}.{study}.77"
    roi.ROIName, roi.ROIGenerationAlgorithm = "Lung", "MANUAL"
    d.StructureSetROISequence = Sequence([roi])
    contour = Dataset()
    contour.ContourGeometricType, contour.NumberOfContourPoints = "CLOSED_PLANAR", 3
    contour.ContourData = [0, 0, 2.5, 1, 0, 2.5, 0, 1, 2.5]
    contour.ContourImageSequence = Sequence([reference(CLASSES["ct"][0], f"{ROOT}{patient}.{study}.0.1")])
    contours = Dataset()
    contours.ReferencedROINumber, contours.ContourSequence = 1, Sequence([contour])
    d.ROIContourSequence = Sequence([contours])
    observation = Dataset()
    observation.ObservationNumber, observation.ReferencedROINumber = 1, 1
    observation.RTROIInterpretedType, observation.ROIInterpreter = "ORGAN", ""
    d.RTROIObservationsSequence = Sequence([observation])
    d.ApprovalStatus = "UNAPPROVED"


def _rtplan(d, number, patient, study):
    d.RTPlanLabel, d.RTPlanDate, d.RTPlanTime, d.RTPlanGeometry, d.OperatorsName = "PLAN", "20190704", "120000", "PATIENT", ""
    fractions = Dataset()
    fractions.FractionGroupNumber, fractions.NumberOfFractionsPlanned, fractions.NumberOfBeams = 1, 30, 0
    fractions.NumberOfBrachyApplicationSetups = 0
    d.FractionGroupSequence = Sequence([fractions])
    d.ReferencedStructureSetSequence = Sequence([reference(CLASSES["rtstruct"][0], f"{ROOT}{patient}.{study}.8.1")])
    d.ApprovalStatus = "UNAPPROVED"


def _ecg(d, number, patient, study):
    d.AcquisitionDateTime, d.AcquisitionContextSequence = "20190704101112", Sequence()
    channel = Dataset()
    channel.ChannelSourceSequence = Sequence([code("2:1", "MDC", "Lead I")])
    channel.WaveformBitsStored, channel.ChannelSampleSkew, channel.ChannelLabel = 16, "0", "I"
    group = Dataset()
    group.WaveformOriginality, group.NumberOfWaveformChannels, group.NumberOfWaveformSamples = "ORIGINAL", 1, 64
    group.SamplingFrequency, group.ChannelDefinitionSequence = "500", Sequence([channel])
    group.WaveformBitsAllocated, group.WaveformSampleInterpretation = 16, "SS"
    group.WaveformData = numpy.random.default_rng(number).integers(-500, 500, 64).astype("<i2").tobytes()
    group["WaveformData"].VR = "OW"
    d.WaveformSequence = Sequence([group])


def _dimensions(d, patient, study, pointer, group):
    organization = Dataset()
    organization.DimensionOrganizationUID = f"{ROOT}{patient}.{study}.88"
    d.DimensionOrganizationSequence = Sequence([organization])
    index = Dataset()
    index.DimensionOrganizationUID = f"{ROOT}{patient}.{study}.88"
    index.DimensionIndexPointer, index.FunctionalGroupPointer = pointer, group
    d.DimensionIndexSequence = Sequence([index])


def _enhancedmr(d, number, patient, study):
    _image(d)
    d.ImageType = ["ORIGINAL", "PRIMARY", "M", "NONE"]
    pixels(d, number, frames=2)
    _dimensions(d, patient, study, 0x00200032, 0x00209113)
    d.AcquisitionDateTime, d.AcquisitionDuration, d.PulseSequenceName, d.MRAcquisitionType = "20190704101112", 10.0, "se2d", "2D"
    d.ContentQualification, d.ResonantNucleus, d.KSpaceFiltering, d.MagneticFieldStrength = "RESEARCH", "1H", "NONE", 1.5
    d.AcquisitionContextSequence, d.LossyImageCompression, d.PresentationLUTShape, d.BurnedInAnnotation = Sequence(), "00", "IDENTITY", "NO"
    shared = Dataset()
    measures, orientation = Dataset(), Dataset()
    measures.PixelSpacing, measures.SliceThickness = [0.5, 0.5], "2.5"
    orientation.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    shared.PixelMeasuresSequence, shared.PlaneOrientationSequence = Sequence([measures]), Sequence([orientation])
    d.SharedFunctionalGroupsSequence = Sequence([shared])
    frames = []
    for index in range(2):
        frame, content, position = Dataset(), Dataset(), Dataset()
        content.FrameAcquisitionDateTime, content.FrameReferenceDateTime = f"2019070410111{index}", f"2019070410111{index}"
        content.FrameAcquisitionDuration, content.DimensionIndexValues = 5.0, index + 1
        position.ImagePositionPatient = [0, 0, index * 2.5]
        frame.FrameContentSequence, frame.PlanePositionSequence = Sequence([content]), Sequence([position])
        frames.append(frame)
    d.PerFrameFunctionalGroupsSequence = Sequence(frames)


def _gsps(d, number, patient, study):
    d.ContentLabel, d.ContentDescription, d.ContentCreatorName = "MARKS", "", ""
    d.PresentationCreationDate, d.PresentationCreationTime = "20190704", "130000"
    series = Dataset()
    series.SeriesInstanceUID = f"{ROOT}{patient}.{study}.0"
    series.ReferencedImageSequence = Sequence([reference(CLASSES["ct"][0], f"{ROOT}{patient}.{study}.0.1")])
    d.ReferencedSeriesSequence = Sequence([series])
    area = Dataset()
    area.DisplayedAreaTopLeftHandCorner, area.DisplayedAreaBottomRightHandCorner = [1, 1], [16, 16]
    area.PresentationSizeMode, area.PresentationPixelAspectRatio = "SCALE TO FIT", [1, 1]
    d.DisplayedAreaSelectionSequence = Sequence([area])
    layer = Dataset()
    layer.GraphicLayer, layer.GraphicLayerOrder = "LAYER", 1
    d.GraphicLayerSequence = Sequence([layer])
    text, line, annotation = Dataset(), Dataset(), Dataset()
    text.AnchorPointAnnotationUnits, text.UnformattedTextValue = "PIXEL", "Quarlsborough Zinnia"
    text.AnchorPoint, text.AnchorPointVisibility = [3, 3], "N"
    line.GraphicAnnotationUnits, line.GraphicDimensions, line.NumberOfGraphicPoints = "PIXEL", 2, 2
    line.GraphicData, line.GraphicType, line.GraphicFilled = [1, 1, 4, 4], "POLYLINE", "N"
    annotation.GraphicLayer, annotation.TextObjectSequence, annotation.GraphicObjectSequence = "LAYER", Sequence([text]), Sequence([line])
    d.GraphicAnnotationSequence = Sequence([annotation])
    d.PresentationLUTShape = "IDENTITY"


def _seg(d, number, patient, study):
    _image(d)
    d.ImageType = ["DERIVED", "PRIMARY"]
    pixels(d, number, bits=1)
    d.BitsStored, d.HighBit, d.NumberOfFrames = 1, 0, 1
    _dimensions(d, patient, study, 0x00200032, 0x00209113)
    d.ContentLabel, d.ContentDescription, d.ContentCreatorName, d.SegmentationType = "SEG", "", "", "BINARY"
    d.LossyImageCompression = "00"
    segment = Dataset()
    segment.SegmentNumber, segment.SegmentLabel, segment.SegmentAlgorithmType = 1, "Lung", "MANUAL"
    segment.SegmentedPropertyCategoryCodeSequence = Sequence([code("123037004", "SCT", "Anatomical Structure")])
    segment.SegmentedPropertyTypeCodeSequence = Sequence([code("39607008", "SCT", "Lung")])
    d.SegmentSequence = Sequence([segment])
    shared, measures, orientation, which = Dataset(), Dataset(), Dataset(), Dataset()
    measures.PixelSpacing, measures.SliceThickness = [0.5, 0.5], "2.5"
    orientation.ImageOrientationPatient, which.ReferencedSegmentNumber = [1, 0, 0, 0, 1, 0], 1
    shared.PixelMeasuresSequence, shared.PlaneOrientationSequence = Sequence([measures]), Sequence([orientation])
    shared.SegmentIdentificationSequence = Sequence([which])
    d.SharedFunctionalGroupsSequence = Sequence([shared])
    frame, content, position = Dataset(), Dataset(), Dataset()
    content.DimensionIndexValues, position.ImagePositionPatient = 1, [0, 0, 2.5]
    frame.FrameContentSequence, frame.PlanePositionSequence = Sequence([content]), Sequence([position])
    d.PerFrameFunctionalGroupsSequence = Sequence([frame])
