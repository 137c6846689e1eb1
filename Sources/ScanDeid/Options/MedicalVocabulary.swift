/// The words that the cleaning options let through: anatomy, modalities, techniques, directions, units. No name is made of them alone.
///
/// Clean means to keep "values of similar meaning known not to contain identifying information" (PS3.15 section E.3.5). What is not on the
/// list is dropped, so an identifier that nobody foresaw is dropped too.
enum MedicalVocabulary {
  static func contains(_ word: String) -> Bool { words.contains(word) }

  /// Whether a listed word holds `text`, of 4 letters or more, among other letters.
  static func hasFragment(_ text: String) -> Bool { fragments.contains(text) }

  private static let fragments: Set<String> = {
    var fragments: Set<String> = []
    for word in words where word.utf8.count >= 5 {
      let letters = Array(word.utf8)
      for start in 0...letters.count - 4 {
        for end in start + 4...letters.count where end - start < letters.count {
          fragments.insert(String(decoding: letters[start..<end], as: UTF8.self))
        }
      }
    }
    return fragments
  }()

  /// `text` with known words and quantities alone, single spaces between; empty when nothing is left.
  static func cleaned(_ text: String) -> String { cleaned(text, passing: { _ in false }) }

  /// The meaning of a published code: words of the trade pass, too, since the code says the same.
  static func cleanedMeaning(_ text: String) -> String { cleaned(text, passing: TechnicalVocabulary.contains) }

  private static func cleaned(_ text: String, passing passes: (String) -> Bool) -> String {
    var kept: [String] = []
    let chunks = text.split { " \t\r\n,;()[]{}\"'|&\0".contains($0) }.map(String.init)
    for (index, chunk) in chunks.enumerated() {
      let lower = chunk.lowercased()
      if isKnown(lower) || passes(lower) || lower == "w/o"
        || (index > 0 && kept.last == chunks[index - 1] && isNumber(chunks[index - 1]) && units.contains(lower))
      {
        kept.append(chunk)
      } else if isNumber(lower), index + 1 < chunks.count, units.contains(chunks[index + 1].lowercased()) {
        kept.append(chunk)
      } else {
        let parts = chunk.split { "_-/+.:^=<>*#\\".contains($0) }.map(String.init)
        if parts.count > 1 { kept += parts.filter { isKnown($0.lowercased()) || passes($0.lowercased()) } }
      }
    }
    return kept.joined(separator: " ")
  }

  /// A listed word, or a number of at most three digits with its unit (`5mm`, `1.5t`, `120kv`), or a product of small numbers (`3x3`).
  private static func isKnown(_ word: String) -> Bool {
    if words.contains(word) { return true }
    let number = word.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    guard !number.isEmpty, isNumber(String(number)) else { return false }
    let rest = word.dropFirst(number.count)
    if units.contains(String(rest)) { return true }
    return rest.first == "x" && number.count <= 3 && (2...4).contains(rest.count)
      && rest.dropFirst().allSatisfy { $0.isASCII && $0.isNumber }
  }

  /// At most three digits, at most one point: too short for a year or a record number.
  private static func isNumber(_ text: String) -> Bool {
    let digits = text.filter { $0.isASCII && $0.isNumber }.count
    return (1...3).contains(digits) && text.count - digits <= 1 && text.allSatisfy { ($0.isASCII && $0.isNumber) || $0 == "." }
  }

  private static let units: Set<String> = [
    "mm", "cm", "ml", "cc", "mg", "kg", "g", "kv", "kvp", "ma", "mas", "s", "sec", "ms", "min", "t", "tesla", "hz", "mhz", "deg", "hu", "d",
    "fps", "mgy", "gy", "mbq", "mci", "%",
  ]

  static let words: Set<String> = Set(list.split { $0 == " " || $0 == "\n" }.map(String.init))

  private static let list = """
    abdomen abdominal acquisition acr acute adc adrenal adult after allergic allergy angio angiogram angiography angle ankle anterior
    anteroposterior aorta aortic ap apex apical appendix arch area arm arterial arteries artery arthrogram articular ascending asir
    assessment asthma asthmatic atelectasis awake axial axis b0 b1000 b50 b500 b800 back basal base baseline before biceps bilateral
    biliary biopsy bladder blood bmode body bolus bone bowel brachial brain breast breath bronchial bronchus c1 c2 c3 c4 c5 c6 c7
    calcaneus calcification calcium calf calibration calm cardiac carotid carpal caudal cavity cbf cbv cc cecum celiac central
    cerebellum cerebral cervical cest chest child cholangiography cine circle claustrophobia claustrophobic clavicle clear coccyx code
    coil colon colonography color comment comments complete concha conclusion conclusions condyle consolidation container content
    contrast control conventional cooperative cor coronal coronary cortex cortical cr cranial cranium critical cse ct cta cube cup
    cyst cystic date ddr deaf deep default delay delayed density derived descending detail dexa diabetes diabetic diagnostic diameter
    diaphragm diastole diastolic diffusion disc disk distal dixon document doppler dorsal dose dti dual duct duodenum dwi dx dynamic
    ear early echo edema edge effusion elbow emergency emphysema empty enhanced enhancement epi epigastric erect esophagus eswan
    ethmoid exam examination expiration extension extremity eye face facial fast fasting fat fb fe femoral femur fetal ffe fibrosis
    fibula field fil filter final finding findings finger first fistula flair flash fle flex flexion flow fluid fluoro fluoroscopy
    fmri follow foot for forearm fossa fov fracture frame free frontal fs fse full functional gad gadolinium gallbladder gastric gated
    gating gd glenoid grade gradient graft grasp grass gre groin half hand hard haste head heart height helical hemangioma hemorrhage
    hepatic hepatobiliary hernia high hilum hip history hr hrct humerus hyper hypertension hypotension iac ileum iliac image images
    imaging impression in indication indications infarct inferior infusion inner inspiration intestine intracranial intravenous
    inversion iodine ir ischemia isotropic iv ivim jaw jejunum joint jugular kernel kidney kidneys kit knee kub l1 l2 l3 l4 l5 la
    labrum lacrimal laryngeal larynx lat late lateral latex left leg length lesion ligament limb limited lingula liver lobe localizer
    long loop low lower lspine lumbar lumen lung lungs lymph lymphatic lymphoma magnitude mammary mammo mammogram mammography mandible
    map mass mastoid max maxilla maxillary maximum mean measurement measurements medial mediastinum medium meningioma meniscus
    mesenteric metacarpal metastasis metatarsal mg middle min minimum minip mip mobile mode model moderate molecular mp mpr mprage mr
    mra mrcp mri mrv mtt multi muscle musculoskeletal myocardial myocardium nasal nasopharynx native navigator neck negative nerve
    neuro neutral ni no node nodule noncontrast none normal nose nuclear number obese obl oblique observation occipital of off on op
    opacity open opposed optic or oral orbit orbital orbits out outer ovarian ovary overlay pa pacemaker pain palate pancreas
    pancreatic paranasal parathyroid parietal parotid partial patella patellar pc pd pdw pelvic pelvis penicillin perfusion peripheral
    peritoneum pet petct phalanx phantom pharynx phase phased pituitary plain plane pleura pleural pneumothorax popliteal portal
    positive post posterior posteroanterior pre pregnancy pregnant primary prior procedure prone propeller prostate prostatic protocol
    proton proximal pubic pulmonary pulse quantitative radial radiograph radiography radius ramp rao rapid ratio rca recommendation
    recon reconstruction rectal rectum reference reformat reformatted region relative renal repeat report resolution respiratory rest
    resting result retro retroperitoneal review rib ribs right rigid root rotation routine run sacral sacroiliac sacrum sag sagittal
    sat saturated saturation scan scapula scapular scout screening second secondary sedated sedation sedative segment sella
    sensitivity septum sequence sequential series sft shoulder shunt sigmoid single sinus sinuses site skeletal skin skull slab slice
    small soft sole sonography space spacing spgr spin spinal spine spir spiral spleen splenic spoiled squeezed ssfse stable stack
    stand standard standing static stenosis stent sternum stir stomach stress structural study subclavian subcutaneous subtraction
    superior supine surgical susceptibility swan swi systole systolic t1 t10 t11 t12 t1w t2 t2w t3 table tachycardia talus tarsal te
    temporal tendon test testicular testis text thalamus thick thigh thin third thoracic thorax three throat thumb thymus thyroid
    tibia tibial time tof tongue tonsil tooth torso total tra trachea transducer transverse trauma tricuspid tse tspine tumor turbo
    two type ulna ulnar ultrasound umbilical under unenhanced unilateral unstable upper upright ureter urethra urgent urinary uro us
    uterine uterus vaginal value values valve variant vascular vein veins vena venogram venography venous ventral ventricle
    ventricular vertebra vertebral vessel view virtual vocal volume volumetric wall washout water weight weighted wheelchair whole
    wide width window with without wo wrist xa xr xray year years zoom
    """
}
