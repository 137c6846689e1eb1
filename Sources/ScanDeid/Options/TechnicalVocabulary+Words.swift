extension TechnicalVocabulary {
  /// Words of at least 4 letters of the defined terms of PS3.3 and the codes of PS3.16, less those that are also names; names of sequences,
  /// kernels, vendors, models and coils; anatomy and the usual words of requests in English, German, French, Spanish, Italian, Portuguese,
  /// Dutch, Swedish and Polish. Without diacritics, less what `MedicalVocabulary` and the keywords of PS3.6 have.
  static let list = """
    aapm abdom abdomenpelvis abdominis abdominopelvic abduction ablation ablavar abnormal abnormalities abnormality abnormally aborigine
    aborted abortion above abrupt abscess absence absorptiometry acanthioparietal accepted accessed accessible accident accreditation
    accumulation acepromazine acetabular acetabulum acetate acetic acetrizoate acetylaspartate acetylaspartylglutamate achieved acidified
    acinar acridine acriflavine acromioclavicular acromion acrylic acting actinic actionable actively adac adapt added addended addendum
    addition addome adduction adenocarcinoma adenohypophysis adenoid adenolipoma adenoma adenomyoepithelioma adenopathy adenosine adenosis
    adhoc adiabatic adipose adjacent adjustment adjuvant administering admire admitted adnexa adobergb adolescent adora adrenergic adults
    advance advapp adventitia adventitial adverse aerobic afferent affine agatston agreement aided aidr aifroi airflow airis airway akinesis
    alanine albumin alcohol alcoholic alert algorithmic algorithms alkaline allegra alliance alloy allpass allura aloka altea aluminium
    aluminum alveolar ambiguous ambition ambulatory amelanotic america amicas amira ammendment ammonia amniocentesis amnioinfusion amnion
    amniotic amorphous amphetamine amputation amygdala amyloid analgesic analogic analyses analytical anastomosis anca anchoring anechoic
    anesthesia anesthesiology anesthetic aneurysm aneurysmal aneurysms anginal angiocardiogram angiocardiography angioct angiographic
    angiolipoma angioma angiomatosis angioplasty angiosarcoma angioscopy angles aniline animal animals aniso ankles annot annular annulus
    anomalous anonymizer antares antecubital anterolateral anteroseptal anthropomorphic anti antiarrhythmic antibiotic antibody
    antibradycardia anticholinergic anticoagulant anticonvulsant antidiuretic antiemetic antifungal antihelix antihemophilic antihistamine
    antihypertensive antihypoglycemic antitachycardia anus aortography aortopulmonary aperio aphakic apneic apocrine apparent appearance
    appearing appen appendiceal appendicitis appendicular appliance applicat appointment apposition appropriate approved approximate
    aquarius aqueduct arachnoid architectural arcuate areas arithmetic armbage arms around arousal arrhythmia arrhythmic arrive arrived
    arsaw arsenic arteriography arteriolosclerosis arteriosclerosis arteriosclerotic arteriosum arteriovenous arthritis arthrosis artifact
    artifacts artifactual artificial ascites ascitic ascorbate ascorbic asirv asleep asphericity aspirate aspiration assess asset assistant
    assisted assisting associated association assurance asteion asthenia astringent astrocytoma asymmetric asymptomatic asymx asymy
    asynchronous ataxia atherectomy atheroma atheromatous atherosclerotic atlantal atopic atresia atrial atrioventricular atrium atrophy
    atropine atsm attach attachment attempted attending attenuated attenuationcorrected attenuator attenuators attest attntd atypical aucbn
    audiology audit auditory aufnahme augment augmentation auramine auricular auricularis ausschluss authentication authorizing
    autocorrelation automated automatic automatically autonomic autonomous auxiliary avec averaged avoidance awaiting awakening awsoft
    axials axilla axillaris axillary azocarmine azurine azurion azygoesophageal azygos azygous baby backen backprojection backscatter baco
    bacterial balanced ball balloon barbiturate barco barium barometric basilar basilic basket bassin bauch bayesian bazo beaded becken
    bedding bedside befund begin beginning bekken bengal benign benralizumab benzodiazepine beryllium beta bevacizumab bexiga bicisate
    bidirectional bifascicular bifurcation bilinear biodro biohazardous biomagnetic biomedical biometry biomicroscope biophysical bioptome
    biosafety biparietal biped biplane bipolar biquad birdcage birefringence bisynchronous biteblock blade blanket blast bleeding
    blinatumomab blockage bloedorn bloody bloom blur bmatrix boak board bode bodyarray bodycoil bolting bolustrack boneplus boneplusplus
    bootstrap borderline borst boundary bowtie brachialis brachiocephalic brachioradialis brachycardia bradycardia branching bravo brca
    breakout breastcoil breathing breeders brentuximab brep brevis bright brightfield brilliant bromine bronchioloalveolar bronchiologram
    bronchogram bronchovascular brostrygg brought bruising brust brustkorb brustwirbelsaule brzuch bsrem bssfp btfe buccal bucky buik build
    bulboventricular bundle bupivacaine burden burning buscopan busyness butabarbital butter butterfly buttock button butyrate bypass cabeca
    cabeza cachexia cadera caffeine cage caipirinha calcaneal calcifications calcified calibrator californium called callosum caloric
    camtronics canada canadian cancel canceled cancer canine canines cannula capability capacity capillary capitis capsular carbon carbonate
    carcinoma carcinosarcoma card cardia cardiaccoil cardiogenic cardiology cardiomyopathy cardiophrenic cardiopulmonary cardiorespiratory
    cardiosphere cardiothoracic cardiotonic cardiovascular cardioversion cardresp carmine carminic carmoisine carotids carpus cartilaginous
    caruncle cast casting catalog cath catheterization caudate caudocranial caudodistal caudodorsal caudoventral cavernosum caviglia
    celestine centered centerpoint centimeter centralis centralizer centric centricity centrilobular cephalic cephalostat cereb cerebellar
    cerebro cerebrospinal cerebrovascular certainty cerveau cervicis cervicothoracic cervix cesium cessation cetuximab challenges chandigarh
    change changed changes characteristic charcoal charging charmed chase checkerboard checks cheek chestabdomen chestabdpelvis chestpain
    cheville chewing children chip chloracetate chloral chloroacetate chlorpromazine cholecystitis cholesterol choline cholinergic chondroma
    chondrosarcoma chord chordal choriocapillaris choroid chosen chromate chromaticity chromic chromium chronic chronotropic chrysoidine
    chst ciliary cinefluorography cingulum circadian circleofwillis circulating circulation circulatory circum circumference circumferential
    circumscribed cirrhosis cirsoid ciss cited citrate citric ckdepi clammy clamshell classic claudication clavicular clearance clearcanvas
    clearing clinician clip clitoris clockface close closest closure clothing club cluster clustered cmab coaching coagulant coagulation
    coalescent coarctation coarseness cocaine coccygeal cochlearis cockroft codes codo coerce coeur coherence cohort coiling coils coin cold
    colitis collar collateral collimated collision collo collocation colloid colloidal colonic colonna colorectal colostomy colpar columna
    coluna comapl combined comedocarcinoma commercial commissure communicated communicating communis compact compactness comparative compare
    comparisons compartment completely complexion complexity complicated complication complications composed composing compressed
    computation computed computer concentric conception concern concurrent conductance conduction conduit conepresent conference configured
    confirmed confluence conformal conformality conformation conformity congenital congestion congestive conjunctive connected connection
    connective consciousness conservation considered consistent console const constrained constrictive construction consult consultant
    consultation consumable contained contains contiguous continental continue continuing continuous contouring contra contracta
    contractility contraction contralateral contraste contrasto controlled controller controls contusion convergent convulsions cool
    coordinated copied coplanar copper copy coracao coracobrachialis coracoid corazon cordis cordocentesis core coregistered coriphosphine
    coronals coronaryartery coronavirus corporeal correct correlates correlation corresponding corticobulbar corticospinal coscia cosine
    cosmic costal costarum costocervical costochondral cotovelo coude cough coughed counting course covid coxa cpap crane craneo cranio
    craniocaudal craniocervical cranioproximal crdre creatine creatinine cribriform crord crore crorn cross crossed crosshair crossing
    crosstable crpro cryoablation crystal crystalline cspine ctdifreeair ctdivol ctdiw ctspine cubic cubital cuello cuisse culposcopy cuneus
    cuore curative curved cushion custodian cutaneous cutline cutting cxrcad cyanine cyanosis cyclopentolate cylindrical cylindroid
    cystadenocarcinoma cystatin cystoscopy cysts cytokine cytologic cytology cytotoxic daily darkfield darm dashed datamodel dataset
    datetime daumen dcam dcmtk dcmuid debug deceleration deciduous decimeter decongestant deconvolution deconvolutn decorrelation decreasing
    decubitus dedo defects defibrillation definity deflated deflection deformed deformity degeneration degrees dehydration deidentified
    delclos deleted deltoid demarcated dementia demo demonstration densitometric densitometry dental deoxygenation departed dependence
    dependent deployed deployment depolarizing deprecated depression deprivation derecha derivative dermatitis dermatology dermoscopy
    desaturation descendants descent descriptions desmoid dess destra destruction detach detachable detached detections determination
    deterministic deuterium dextrocardia dhistech diagonal diaphanography diaphoretic diaphragmatic diaphragmatis diastasis diatrizoate
    dichroic dichromate dicomdir dictation died diencephalon dies dietary diethylenetriamine different differentiation difficult difficulty
    diffusely diffusivity digestion digiscan digit digitized digitizer digitorum dihydrotetrabenazine dijbeen dilatation diluent dilution
    dimeglumine diode dioxide diphenhydramine diprotrizoate directed directional directive directly direita disagreement disapproved
    discarded discharged disco discoid discoloration discomfort disconnected discontinued discordance discs disease diseased disintegration
    disks dislocation disodium disorder disoriented dispense dispersion displaced disposed disproportion dissecting dissection dissimilarity
    dissociation distalphalanx distinctly distorted distraction distributed disturbance dito diuretic diverticulitis diverticulum divide
    division divisor dizziness dobutamine documented does doesn doigt dominance dominant done door dorsalis dorsocaudal dorsodistal
    dorsolateral dorsomedial dorsopalmar dorsoplantar dorsoproximal dorsorostral doses dosimetry dosing dotarem dotatate downsloping draped
    drivers droite drop drops dstate dualenergy ductal ductogram ductography dummy duplex duplicate during dynaperf dynava dyscrasia
    dysfunction dyskinesis dysplasia dyspnea dyspnoea dyssynchrony dystrophic earliest echelon echocardiogram echocardiography echoes
    echogenic echogenicity echospeed echotexture echovist eclampsia ecromeximab ecst ectasia ectatic ectopic ectpet edgeplus edited editing
    edlv educational effects efferent effort efgre efilm ejection elastic elasticity elastography elbows elderly elective electrical
    electrocardiography electrode electroencephalography electrogram electromechanical electromyography electrooculography electrophysiology
    electroporation electroretinogram eligibility eligible elition ellbogen elleboog ellenbogen ellipse ellipsoid ellipsoidal elliptic
    elliptical elongation elscint elsewhere emageon email embolism embolization embolus embryonic emergent emission emissive emitting
    emphasis empirical empted emptying emulation enabling encap encefalo encephale encephalomyelitis enclosed enclosing encoded ended
    endobronchial endocardial endocarditis endocav endocavitary endocrine endocrinology endoleak endoluminal endometrial endometrium
    endorectal endoscope endoscopy endothelial endothelium endotracheal endovaginal endplate endsystole engineering enhancing enkel
    enrichment enrollment enteral entire entorhinal entrapment entropy envelope eovist epaule epfid ephedrine epicardial epicardium
    epidermal epididymis epidural epifluorescence epilepsy epileptic epileptogenic epinephrine epiploic epithelial epithelium epitrochlear
    equal equals equation equidistant equivocal ergometer eroded esdbs esdnobs esoft esophageal esquerda estimates estimation estrogen
    estudio esur ethidium etiam etidronate etomidate euler europium eval evaluate events ever evidencedocument exaggerated examiner example
    examples exams exceeds excelart excellent exchange excision excite excluding excretion excursion exercise exerciser exertion exertional
    exogenous expanded expanding expansion experimental expert expertise expired explantation exponent exponential export extra
    extracorporeal extracting extraluminal extraocular extrapulmonary extravasation extremely eyelid faceplate facialis fact fake falcon
    fallypride familial fascia fascial fascicular fasciculation fasciculus fastpac faults fcpa federation feedback feeding feet fegato
    female femoralis femoris fenestration feraheme ferromagnetic ferrous ferse fetlock fetus fetuses fever fiber fiberoptic fibrate
    fibrillation fibrils fibrinoid fibroadenolipoma fibroadenoma fibroadenomatoid fibrocalcific fibrocystic fibroelastosis fibroglandular
    fibroma fibromatosis fibromuscular fibronodular fibrosarcoma fibrous fibular fibularis fidelity fiesta fiestac figado filling filtered
    filtration fingers firsttruefidelity fischer fisp fissure fitted fitting fixedweights fkpeg flagellar flail flatness flattening
    flcompact fleisch flexible flexlarge flexsmall flexure flocculent florbetaben flubatine fluciclovine fluffy fluorescein fluorescence
    fluorescent fluorine fluorocholine fluoromisonidazole fluoroscopic fluorotriopride flurpiridaz flush flushing fmisof focused foie fold
    followed following followup followups food forced forearms forefetlock forefoot foreign forensic forepastern formatted fornix fotled
    foundation fovea fractal fractures frage fraktur framingham fredericia freehand freezing frenulum frequent fresolimumab frogleg
    frontalis frontalsinus fspgr fuji functool fundoscopy fundus fused fusion fuss fusse fuzzy gadobenate gadopentetate gadoterate gadovist
    gadoxetate galactocele galan galle gallium gallocyanine galvanic gamba ganglia ganglion ganzkoerper ganzkorper gasping gastroduodenal
    gastrografin gastrointestinal gatei gauche gauge gauss gaussian gaze gdcm gefaesse gefasse gehirn geiis gemedicalsystems gemini gems
    generated generic genicular geniculate genie genital genitalia genitourinary genou genpet geriatric germanium germinal gestation
    gestational geud ginkgo ginocchio given glandular glare glass glaucoma glembatumumab glioblastoma glomerular glossokinetic
    glossopharyngeal glottis glowa glsalax glucagon glucoheptonate glucose gluing glutamate glutamine gluteal glycolysis gomito gonad gonads
    gracilis graded granular granuloma graph grappa graticule gravity greater grips groove ground growth guided guideline guidewire guiding
    gynecologic gynecological gynecology gynecomastia gyri gyrus habenular habitual habitus haematoma haemorrhage haemostatic hafnium hairs
    halfbody hallucis hallux halo hals halsrygg halswirbelsaule hamartoma hanche handgelenk handled handler hands hann hardi hardware
    harvesting hdstnd headache headaches headandneck headcoil header headframe headneck headrest heads healthy heated heater heating hebrew
    heel helium helix hemangiopericytoma hematology hematoma hematopoietic hemifacial hemifield hemisphere hemispheric hemispherical
    hemodynamic hemodynamics hemoptysis hemostasis hemostatic hepatitis hermaphrodite herniated herniation hersenen herz heterogeneous heup
    hexagonal hiatus hibcc higado higher highest highlighted highly highmi hijri hindfetlock hindfoot hindpastern hippocampi hips hirn
    hispanic histiocytoma histology histomine histopathology historical hjarna hjarta hoft holding holmium holxdxa homatropine hombro
    homogeneity homogeneous honeycomb hoofd horizon hormone horos huefte hufte huvud hybrid hydrate hydration hydronephrosis hydroxydopamine
    hyperband hypercholesterolemia hyperechoic hyperemic hyperintense hyperintensity hyperkinesis hyperkinetic hyperopia hyperplasia
    hypersensitivity hypertensive hypertrophic hyperventilation hypo hypoechoic hypogastric hypoglossal hypoglycemic hypointense
    hypointensity hypokinesis hypoplasia hypoplastic hypotensive hypothenar hysterectomy iauc iaucbn icrp ideal ident identifiable
    identifiers idexx idioventricular idose igloo ignored ihedbt iiia iiib iiic ilcr ileocecal ileocolic ileostomy iliocostalis illegible
    illustration ilops imagify imaginary imatron imeron imgs iminodiacetate immediate immediately immunofluorescent immunology imodel impact
    impaired implantable implants import imported importer improvement inactive inadequate inappropriate incidence incision incisional
    incisure including inclusion incompetence incomplete inconsistent incoordination incorrect incorrectly increase increased increasing
    incremental incubation independent indeterminate indexed indicated indicis indirect indium individual individually indocyanine induction
    induration ineligible infant infarction infection infections infectious inferioris inferolateral inferomedial inferoseptal inferred
    infertility infiltrate infiltrating infiltration infiniteline infinitt infinity infinix inflammation inflammatory inflatable inflated
    inflation inflow influenza informant informative informed infraalar infraclavicular inframammary infraorbitalis infrared infraspinatus
    infrequent infusate inguinal inguinalis inhalation inhomogeneous inject injectate injections injector injuries injury inlet inline
    innominate inotropic inpatient inroom insert insertion insertional inside inspace instantaneous institutionally instru instrumental
    instrumentarium insufficient insula integral integrating intelerad intelligence intellispace intensive interaction interatrial
    intercostal interdigitating interface interference interfering interferometric interferometry interleave interleaved interlobar
    interlobular intermittent intern interpectoral interpolated interquartile interstitial intertragal interventional interventions
    interventricular intervertebral intestinal intimal intracardiac intracavitary intracoronary intracutaneous intracystic intraductal
    intraepithelial intraglandular intrahepatic intralobular intralumenary intraluminal intramammary intramedullary intramural intramuscular
    intraoperative intraperitoneal intrapulmonary intrathecal intrauterine intraventricular intubation intvl invalid invasion invasive
    inverse investigational investigator involution involved involvement iodinated iodoalphionic iodobenzylguanidine iodohippurate
    iodomethamate iofetamine iohexol iomeron ionic ionizing iopamiro iopanoic iophendylate iophenoxic iothalamate ioxaglate ipcmr ipodate
    ipsilateral iridium irigb irrad irradiating irregular irreversible irrigation irritation ischaemic ischemic ischium isite isocentric
    isodose isoechoic isoelectric isorhythmic isos isovelocity isovolumic isovue isthmus itching iugr ivoct izquierda jambe jaundiced
    jawline jejunostomy joelho jpeg julian junction junctional juvenile juxtaintestinal kalare keep kennel keratolytic keratoscope keratosis
    ketamine kevlar kilogram kilopascal kinetdx kinetic klatka kneecoil kneeling knees knie knob knochen kolano kontrastmittel kontrolle
    kopf kregoslup kretz kreuzbein ktblast ktrans kurtosis labium laboratory lacmoid lactate lactating lactation lactational lacunar laden
    landolt landrygg landscape laparoscopy lapine largeflex laringis laser later lateralis laterally laterodorsoproximal lateromedial
    launcher lava lawrence lbmjames lbmjanma lead leading leak leakage lean leaping learning least leaves leber lecdo leftmost legs
    leiomyoma leiomyosarcoma lendenwirbelsaule lensometry lenticular lertl lesions lesser letters leukemia leukemic lever levine levovist
    libitum library license lidocaine liegend ligamentum lightning lights likely limbic limits linear liner lingual links lipid lipidic
    lipoma liposarcoma liquid lissamine lithiasis lithotomy litigation livestock lminm lobar lobular lobulated lobulations lobule lobules
    locally lodox logan logging login logout loinc lokiec lombaire longen longum lopsided lordotic lorentzian lossless lowerleg lowest lsdi
    lsspine lubricant lucency lucent lumbalis lumborum lumbosacral lumbosacralis lumina luminal lumpectomy lungcad lunge lungen lungor
    lympathic lymphadenopathy lymphoid lysergic lysophosphatidylcholine macrocalcifications macula made magen magnesium magnet magnevist
    magnum maintain maintenance majorum malabsorption male malformation malformations malignancy malignant malleolar mallory mama mammella
    mammograms mammographic mammographie mammoplasty mandibular mandibularis manganese manifest manipulation mano manometer manual manually
    manubrium maps marconi margetuximab margin marginal margins markers marking marrow masked masses mastectomy mastopathy match maternal
    matlab matrx matter mavric maxillar maxillaris maximal medcom medcon medi medialis median mediastinal medic medications mediface
    mediolateral mediopalmarodistal medioplantarodistal medison medronate medullary meets meglumine melanoma melanomas membranous mems
    menopausal menopause menstruation mental mentalis merchant mercuric merge meridional mescaline mesocardia mesopic mesothelioma
    mesothelium metabolic metacarpus metaemotion metal metaplasia metastases metastatic metatarsus meter methionine methlyphenidate
    methodology methods methohexital methylpentadecanoic methylthioninium metomidate metrizoate mets mevis mgminml micro microbiology
    microbubbles microcalcifications microclip microcysts microdissection microdosimetric microglandular micrometer micronodule microscope
    midcolic midlayer midline midlung midthigh midventricular miednica migration mild miliary millennium millimeter milt milz milza minimal
    minimize minute minutes mird mirdose mirror missing mitral mixed mixing mlming mlminml modeling models modulus modweights mogamulizumab
    mold molybdenum moment mono monoblock monoclonal monomorphic monoplane monopole montage month monthly months more morphine morphological
    morphology mortise motor motorized mottled mouse mouth moveable mozg mpadio mpgr mpldio mshot mucicarmine mucinous mucocutaneous
    multiband multicoil multiecho multifocal multihance multilayer multiline multiparametric multiplanar multiplication multiplier
    multipoint multisegment multishot multispectral multiview muneca murine muscular muslo mycotic myeloma myelopathy myocarditis myoclonic
    myofibroblastoma myogenic myokymia myokymic myometrium myopia myotonic nachher nacken nadgarstek nadir nailing named nanocolloidal
    narcotic narrowband narrowing nascet nasion nasolabial nasopharyngeal national nativ natural nausea navicular nciaim nearline nebenniere
    neblett neckchest neckchestabdomen neckchestabdpelv necrosis necrotic needle needles neighborhood neighbourhood neighbouring nemaxr
    neoaortic neointima neointimal neonatal neonate neoplasia neoplasm nephrology nerki nervous neuroectodermal neuroendocrine neurofibroma
    neurofibromatosis neurohypophysis neuroimaging neurologica neurology neuromuscular neurophysiology neuroradiologic neuroradiology
    neurovascular neutron newborn nibabel nicip niere nieren nifedipine nifene nigrosine niobium nipple nitrate nitrazine nitrous njurar
    nnusa nodal nodes nodular nodules nonac nonalcoholic nonattenuation noncerebral nonlinear nonparenchymal nonplanar nonprogressive
    nonspecific nonuniformity normality normalized notavailable noted nothing notspecified nuchal nuclei nulliparous numbness nurbs nursing
    nutrition nystagmoid nyumccg oasis oberarm oberschenkel obesity obgyn obinituzimab obliques obscured observed obstetric obstetrical
    obstructed obstruction obstructive obtained obtuse ocaratuzumab occipitofrontalis occlusal occlusion occult occupancy occupational octa
    octb odontoid oesophageal office offis offline oled olfactory oligemia ombro omental omentum omnipaque omniscan oncologic oncology
    onderbeen ongoing online only onset oozing opacities operative ophthalmology ophthalmoscope ophthalmoscopy opiate opposite optbsv optenf
    optimized optional optiray optometry orbicularis orbitalis orbitoparietal ordered orian orifice oronary oropharyngeal orthanc orthogonal
    orthopedic oscillating osem osirix osld osmium osmolality osmolarity osmosis osseous ossification ossifying osteo osteoarthritis
    osteomyelitis osteoporosis osteosarcoma ostium otorhinolaryngology outflow outlet outlined outpatient outside ovalis over overflow
    overlaps overriding ovulation ownercode oxidronate oximetry oxygen oxygenation oxyquinoline oxytocic pacd paced pacific pacing packing
    padio paediatric pair palatal palatine palatoglossal pale palladium palliative pallidum palmar palmaris palmarodistal palmarolateral
    palmaromedial palmaroproximal palmitate palpation palpitations pamphlet pancreaticoduodenal pancreaticosplenic pancreatitis pancuronium
    panitumumab panorama panoramic papaverine paper papillary papilloma papillomas papillomatosis papyrus paracervical paracolic
    paraesophageal parallelepiped paralysis paralytic paramammary parametrial paraproteinemia pararectal parasag parasagittal paraspinal
    parastern parasternal paratracheal paravaginal paravesicular parenchymal parenteral paresthesia parietoacanthial paroxsysmal partially
    particle particulate parts party passed passes passive passthru pastern patavuh patch patency patent paternal pathlex pathologic
    pathology patnt pectoral pectoralis pectoris pediatric peeling peer pegdinetanib pellucidum penetration penile penis pentetate
    pentobarbital perceived percentile perfluorocarbon perforating perfusionct peri pericardial pericardiophrenic pericarditis pericardium
    perigastric perilesional perineal perineum periodic perioral peripancreatic peripapillary peritioneum peritoneal perivascular permanent
    permeability perna peroneal perpendicular personal personnel pertechnetate pescoco phakic phantoms pharmacologic pharmacological
    pharyngeal pharyngotympanic phencyclidine phentolamine phenylephrine philtrum phlebosclerosis phonation phonocardiogram
    phonocardiographic phosphate phosphotungstic photodriving photodynamic photogrammetric photomicrography photomyogenic photoparadoxysmal
    photopic photoreceptors phrenic physicist physics physio phytate picker picric pictures pied piede pierna piersiowa piezocomposite
    pigmentation pinatuzumab pine pineal pinna pinning pirads piradsdce piradsdwi piradst piradsv piriformis pisa pixelated pixelmed placebo
    placed placement placenta placing planimetry planmeca plantar plantaris plantarodistal plantarolateral plantaromedial plantaroproximal
    plantodorsal plaque plasma plasmacytoma plastic plateau platinum pldio pleomorphic pleonemia plexus pluca plus pmsblus pname
    pneumomediastinum pneumonia poignet polarimeter polarized polarizing polatuzumab policy pollicis polmone polmoni pols polso
    polycycloidal polyline polymorphic polynomial polyp polyurethane pons pontamine poor poorly population portable portacath portfilm
    portion portosystemic portrait possibly postauricular postaxial postbiopsy postductal posterobasal posterolateral posteromedial postfire
    postinterpret postmarker postoperative postproc postprocedure postprocessed postsurgical posttreatment postvesicular potassium pouch
    poumon poumons preamplifier preauricular preaxial prececal precession preclinical precordial preductal prefemoral prefire preformed
    prelaryngeal prem premature premolar premon premonitoring preoperative prepericardial prepped presenting press pressed presymphysial
    pretracheal pretreatment prevascular prevented preventive prevertebral prevesicular previously prilocaine prime primovist printers
    probabilistic problem problems procedural procedures proceeding process procion producer products professional profil profusion
    progesterone programmable programmed progressive prohance projections prokinetic proleptic proliferation proliferative prominence
    promontory pronation prong pronounced propagation propcnts propcps propel prophylactic proportional prospective prospeed prostatectomy
    prostatitis prosthesis prosthetic protamine protection proven proximity psawu pseudoangiomatous pseudocontinuous pseudohermaphrodite
    pseudonymized pseudoplaque psma psoriasis psuawh psychology ptrace pubchem public publication puborectalis pulmao pulmon pulmones
    pulmonic pulmonology pulsatility pulsation pulsed punctate punho purebred purified putamen pvalues pydicom pyloric pyronine
    pyrophosphate qclear qiicr quad quadhead quadrant quadrantectomy quadratic quadril quadruped qualitative quantification quantify
    quantitification quasar quasiperiodic questionable quick quinacrine quinidine quotation quoted rachis racial rack racks radelement
    radialis radiata radical radiculopathy radio radioactive radiofluoroscopy radiofrequency radiographer radioisotope radiologic
    radiolucent radium radiusulna radlex rage raised ramla ramlak randomized rangeline ranibizumab ranking raster ratios ravuh reaction
    readable reader ready reagent realignment realtime rebinned rebreathing recalculated recall recess rechts reciprocating recist
    recommendations recons reconstructable reconstructed rectangular recumbent recurrence recurrent redfree redgreensplit redistribution
    reentrant reflectance reflector reformats refractory refused regional registrar regression regular regulation regurgitant regurgitation
    rehabilitation reimbursement rein reinjection reins rejecting rekonstruktion relational relatives relaxant relaxation release remission
    remodeling remote renders rendition rene reni reoriented repeated repeating repetitive replacement replicate repolarization reports
    repositioned repositioning required requirement requirements requires resampled resampling rescanning rescheduled rescheduling research
    reserve resident resistivity resolve resolved resonance respect respir respiration restaging restenotic restless restoration restricted
    restrictive resume resurfacing retention reticle reticular reticulonodular retina retinopathy retracted retraction retrocecal
    retroillumination retromolar retroperitoneum retropharyngeal retropyloric retrospective retrotracheal returned reuse reused reversal
    reversed reversible revision rgbalut rhabdomyosarcoma rhenium rheumatic rheumatology rhodamine rhodium rhythmic rightmost rinon rinones
    ripemd rippen rise rituximab rodilla roledumab roles rommrgb room rosolic rostral rostrocaudal rostrodorsal rostroventral rotary rounded
    rpanatloc rsupraclavicular rtcdo rtdose rtfe rtimage rtlel rtplan rtrecord rtstruct rubidium rule ruleout ruler rules running runs
    rupture ruthenium rwave rxnorm saccular sacralis sacroiliacal safire sagittals saliency saline salivary samarium same samsungneurologica
    sans saphenofemoral saphenopopliteal saphenous sarcoma sarcosine scaled scalene scalenous scalp scandium scanogram scanora scans
    scaphoid scar scarred scatterer scenaria schadel schaedel schedel scheduler schicht schichten schouder schraeg schrag schulter
    scintillator sclera sclerosing sclerosis sclerotic scoliosis scoord score scotopic scouts scoutview scpecg scraping screenings scrotal
    scrotum scrub sebaceous secreting secretory section sectional sectioning sections sector sectra secure security segami segmentectomy
    sein seins seitlich seizure seizures select selective selenium semac semiautomatic seminal semispinalis senning senocrystal sense sent
    senza separate sepsis septal sequenced sequestrant serce serie seroma serpentine server sesamoid severe severely severity sewing shade
    shadowing shaft shaking shaped shaping sharp sharply shaving shcolpar shear sheet shell shelter shepp shin shoot shortening should
    shouldercoil shoulders shstpar shzoom sibling sided sienet sienetisapla sigma signet significant silent silenz silhouette silicon
    silicone similar simpleitk simplified simulation simulator simultaneous simultaneously singles singleshot singular sinistra sinotubular
    sirona sita sitaswap sitting situ sitzend skewness skullbase skyline sleep slicer slicerate sliding sloop slow smallflex smartmip
    smartprep smartscore smash smearing smooth smpte snomed sodium soleal solid solution sonata sonazoid sonogram sonographer sonographic
    sonologist sonosite sonovue spair spalla sparse spatially specialist specialty specificity specimens speckle spect spectacle spectct
    spectrum sphenoid sphericity spiculated spiculation spiculations spinalis spinearray spinous spirometer splenium spline split
    spondylosis spontaneous spouse sprunggelenk spsuid squamous square squared squares srkii ssde ssdez ssfp sshot staged staging stainer
    staining stalk standalone standardized standby stannous star started stasis stat statement states stationary statscan stddev steam
    steatohepatitis stehend steissbein stem stenotic stented stenting stentor stepping stepwise stereoscopic stereotactic sternal
    sternoclavicular sternocleidomastoid steroid sticker stifle stimulant stimulation stippeled stitching stnd stone stones stopped stpar
    strategy streamline stretched striatum stripe stroke stroma stromal strongly strontium struc structures student subaortic subarachnoid
    subareolar subcapsular subcarinal subcategory subcortical subcostal subdiaphragmatic subjects sublimate submandibular submental
    submentovertical submission suboptimal subpart subpleural subpyloric subscapular subscapularis subsegmental substantia subtr subtract
    subtracted subvalvular subxiphoid succeeded successful successor succinate succinylcholine suggestive sulci sulcus sulfate sunrise super
    superficial superficialis superimposed superioris supernumerary superolateral superomedial supersonic supination supplementary
    supporting supportive suppressed suppressions supraclavicular supraglottis supramammary supraorbitalis suprapulmonic suprapyloric
    suprarenal supraspinatus suprasternal supraventricular supria sure surealis surgeon surrounding surveillance survey surview suspected
    suspend suspended suspension suspicious suture suvbsa suvbw suvibw suvlbm svision swallowing sweating swelling swimmers symmetric
    symmetry sympathetic symphysis symptoms synapse syndrome syndromes syngovia synkinesis synthesizing synuclein sysrate systemic szyja
    tabular take taken taking tantalum tape taper tapetum targestar targeted targeting tarrant tarsus tartrazine taxonomic tcoord teaching
    tears technetium technical telangiectasia telemis templates temporalis temporally temporary temporomandibular tend tendency tensor
    terarecon terbium terminalis terminate terminated territories territory testa testbolus testes testicle testing tests tete tetracycline
    tetralogy thalami thalamic thallium thallous than thecal thenar thermistor thermocouple thermography thermoluminescent thiamylal
    thickening thickslice thighs thinning thins thinslice thinslices thioflavine thionine thiopental this thoracentesis thoracis
    thoracolumbar thrive thrombectomy thromboembolism thrombolytic thrombophlebitis thrombosis thrombotic thrombus thumbnail thymidine
    thyrocervical tibiafibula tibialis tidal tiled tiletamine tilting timecode timeframe timeout timepoint timi tinged tirm tissues titanium
    tlspine tmax tmjcoil tobillo today toes tolazoline toluidine tomographer tomographic tomography tone topical topo topogram topographer
    topographic topographical torace torax tornozelo torsion torsopa tortuosity tortuous toshibamec totalbody toward towne trabecular trace
    tracer tracheal tracheobronchial tracheostomy tracheotomy tract traction tractography tramline transcoded transcranial transcribed
    transcutaneous transesophageal transferred transferring transforamenal transfusion transgastric transgenic transient transillumination
    transit transitional transjugular translational translucent transluminal transoral transorbital transplant transponder transposition
    transrectal transseptal transtemporal transthoracic transtracheal trapping trastuzumab traumatic treadmill treat treated tree trend trex
    triatriatum tributary tricks trifascicular trigeminal triggered triggering triglycine triphasic trisodium trochlear trochlearis tropical
    truefidelity truefisp trueosem trues truex trufi truncal truncated trunk trust tuarine tubercle tuberculosis tubular tumbling tumors
    tumour tumours tungsten tunnel turbulence turntable twining twist typical tyropanoate uberon ubersicht ublituximab uebersicht ugitract
    uidref ulceration ulcerative ulnaris ultimax ultra ultramark ultrasharp ultrasonic ultrasonography ultravist ultravisual umolminml
    umolml unadministered unaltered unapproved unavailability unavailable uncalibrated uncertain unchanged uncinate unclassifiable
    unclassified uncompressed unconstrained uncorrected underflow underlying undetermined undiluted unheated unidirectional unifocal
    uninvolved unipolar unitedimaging unlimited unmounted unnamed unnecessary unobstructed unremarkable unresponsive unsafe unsharp unsigned
    unstageable unsubtracted unsuccessful unsynchronized unterarm unterschenkel untersuchung until untitled untrackable untreated unusable
    unused unverified unwanted unzeroed upperarm upsloping uptake ureteral ureteric urethral urinarytract urology urostomy urticaria usable
    usbiopsy userdata users usual utricle uvula vacuum vagina valvular variability variance vascularity vasculature vasculitis
    vasoconstriction vasodilatation vasodilation vasovagal vatech vedotin veiling vejiga venipuncture venticular ventilated ventilation
    ventilator ventricles ventriculogram ventriculography ventrocaudal ventrorostral verdacht vereos verifed verlauf verlaufskontrolle
    vermilion vermis versenate versus vertebrae verticosubmental vertigo very vescica vesical vesicle vesicles vesicular vessels vessie
    vestibularis vestibulocochlear vestibulocochlearis vestpd veterinarian viability vial vibe victoria videofluorography virginal viscosity
    visible vision visipaque visits vista visualized vitelline vitrea vitrectomy vmat voet voice voiding voilps volren voltage voluntary
    vomiting vorher voxelized voxelwise vulnerable vulva vulval wait wallstand wandering warmed warming warp waters watroba wavecaipi
    wavelet waxoline weak weakness wedging weekly weeks weichteil weichteile wervelkolom when wholebody wirbelsaeule wirbelsaule wire
    wireframe withdrawn wizard wobble woman women workflow working workitems workload works workstation workup workups worst wristcoil
    wrists xelprv xenetix xenon xiphoid xmab xylazine xylidine ybrfullcb ybrfullcr ybrfully ybrictcb ybrictcr ybricty ybrpartialcb
    ybrpartialcr ybrpartialy ybrrctcb ybrrctcr ybrrcty yellow yesterday ytterbium yttrium zehe zirconium zonare zone zones zoomlevel zygoma
    """
}
