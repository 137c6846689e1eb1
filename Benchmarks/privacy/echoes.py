"""Plants what texts that stay repeat of texts that go: words of every row, names by unusual ways, other spellings; and words that name nobody."""

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

TEXT = ("LO", "SH", "ST", "LT", "UT", "UC", "CS", "AE", "UR", "PN", "DA", "DT", "UI", "DS", "IS")


def holders(planter):
    """Attributes of text that Table E.1-1 leaves alone."""
    return [tag for tag in planter.facts.dictionary if tag not in planter.facts.rows and (0x0018 <= tag >> 16 <= 0x0054 or tag >> 16 == 0x300A)
            and tag >> 16 != 0x0040 and tag >> 16 & 1 == 0 and planter.vr(tag) in ("LO", "SH", "ST", "LT", "UT", "UC")]


def repeat(planter, dataset, texts):
    """One text in each holder, around again when there are more."""
    tags = holders(planter)
    for index, text in enumerate(texts):
        tag = tags[index % len(tags)]
        before = dataset[tag].value + " " if tag in dataset else "AXIAL "
        dataset.add_new(tag, planter.vr(tag), f"{before}{text} KNEE")


def plant_echo(planter, dataset, table):
    """Every text row of the table, its value repeated in an attribute that stays."""
    texts = []
    for tag in table:
        if planter.vr(tag) not in TEXT or tag >> 16 in (0, 2, 4) or tag == 0x00080018:
            continue
        planter.put(dataset, tag, [], "echo")
        plant = planter.plants[-1]
        if plant["vr"] in ("DA", "DT"):
            date = plant["tokens"][0]
            plant["tokens"].append(f"{date[6:]}.{date[4:6]}.{date[:4]}")
        texts += plant["tokens"]
    repeat(planter, dataset, texts)


def plant_sources(planter, dataset):
    """Names in places where no list looks for them, repeated in capitals."""
    texts = []

    def name(form="{} {}"):
        tokens = [planter.token(), planter.token()]
        planter.hide("unusual source", tokens)
        texts.extend(token.upper() for token in tokens)
        return form.format(*(token.title() for token in tokens))

    dataset.add_new((0x0009, 0x0010), "LO", name("MADE UP {} {}"))
    dataset.add_new((0x0009, 0x1001), "PN", name("{}^{}"))
    dataset.add_new((0x0009, 0x1002), "LO", name())
    dataset.add_new((0x0009, 0x1003), "UN", name().encode())
    item = Dataset()
    item.add_new((0x0009, 0x0010), "LO", "MADE UP")
    item.add_new((0x0009, 0x1001), "PN", name("{}^{}"))
    item.add_new((0x0018, 0x1020), "LO", name())
    dataset.add_new((0x0009, 0x1004), "SQ", Sequence([item]))
    # A name where a sequence belongs, in an attribute that nobody knows, in curves and overlays, and where a number belongs.
    dataset.add_new((0x0040, 0x4034), "PN", name("{}^{}"))
    dataset.add_new((0x0012, 0xFFEE), "LO", name())
    dataset.add_new((0x5000, 0x2500), "LO", name())
    dataset.add_new((0x6000, 0x1500), "LO", name())
    dataset.add_new((0x0018, 0x0050), "LO", name())
    for tag, vr in ((0x00102155, "LT"), (0x00080094, "SH"), (0x00101040, "LO"), (0x00104000, "LT")):
        dataset.add_new(tag, vr, name("{}.{}@example.org"))
    person = Dataset()
    person.CodeValue, person.CodingSchemeDesignator, person.CodeMeaning = "17", "99LOCAL", name()
    operator = Dataset()
    operator.PersonIdentificationCodeSequence = Sequence([person])
    operator.PhysiciansOfRecord = name("{}^{}")
    dataset.OperatorIdentificationSequence = Sequence([operator])
    repeat(planter, dataset, texts)


# (Specific Character Set, its codec, name, text that stays)
SPELLINGS = [
    ("ISO_IR 101", "iso8859_2", "Łukaszewicz^Zofia", "ŁUKASZEWICZ"), ("ISO_IR 101", "iso8859_2", "Dvořáková^X", "Dvorakova"),
    ("ISO_IR 109", "iso8859_3", "Ħabibaġ^X", "ĦABIBAĠ"), ("ISO_IR 110", "iso8859_4", "Āboliņški^X", "Abolinski"),
    ("ISO_IR 148", "iso8859_9", "Şahinoğlu^X", "ŞAHİNOĞLU"), ("ISO_IR 203", "iso8859_15", "Žižkovœ^X", "ŽIŽKOVŒ"),
    ("ISO_IR 126", "iso8859_7", "Παπαδόπουλος^Γ", "ΠΑΠΑΔΟΠΟΥΛΟΣ"), ("ISO_IR 192", "utf-8", "Παπαδόπουλος^Γ", "παπαδοπουλοσ"),
    ("ISO_IR 144", "iso8859_5", "Щербаков^Юрий", "Shcherbakov"), ("ISO_IR 192", "utf-8", "Müller^Jürgen", "MUELLER"), ("ISO_IR 192", "utf-8", "Müller^Jürgen", "Mu\u0308ller"), ("ISO_IR 192", "utf-8", "Großmann^X", "GROSSMANN"),
    ("ISO_IR 192", "utf-8", "Østergård^X", "Oestergaard"), ("ISO_IR 192", "utf-8", "Đorđević^X", "Djordjevic"), ("ISO_IR 192", "utf-8", "Zqardov^X", "ＺＱＡＲＤＯＶ"),
    ("ISO_IR 192", "utf-8", "Yamada^X=山田^太郎=やまだ^たろう", "ﾔﾏﾀﾞ"), ("ISO_IR 192", "utf-8", "Yamada^X=山田^太郎", "山田"), ("ISO_IR 100", "utf-8", "Štěpánová^X", "Stepanova"),
    ("ISO_IR 192", "utf-8", "Zqardov^Iben", "IBENZQARDOV"), ("ISO_IR 192", "utf-8", "Doe^Jane", "J. DOE"), ("ISO_IR 192", "utf-8", "Wu^Ho", "Wu Ho"),
    ("ISO_IR 192", "utf-8", "O'Brannagh^X", "o brannagh"), ("ISO_IR 192", "utf-8", "Zq\u00adardov^X", "Zqardov"), ("ISO_IR 192", "utf-8", "Zqardov^X", "z-q-a-r-d-o-v"),
]
DATES = ["23.08.1957", "Aug 23, 1957", "1957年8月23日", "23 sierpnia 1957", "23 VIII 1957", "08231957", "23/8/57", "٢٣.٠٨.١٩٥٧"]


def plant_spelling(planter, dataset, case):
    charset, codec, name, text = case
    dataset.SpecificCharacterSet = charset
    dataset.add_new(0x00100010, "PN", name.encode(codec))
    value = text.encode(codec)
    for tag in (0x00180024, 0x00181020):
        dataset.add_new(tag, planter.vr(tag), b"KNEE " + value)
    planter.hide("spelling of " + name, ["0x" + value.hex()])


def plant_dates(planter, dataset):
    dataset.PatientBirthDate = "19570823"
    repeat(planter, dataset, DATES)
    planter.hide("repeated date", ["0x" + text.encode().hex() for text in DATES])


def plant_harmless(planter, dataset):
    """Descriptions, private texts and attributes that stay share words which name nobody; every one of these has to stay."""
    dataset.StudyDescription, dataset.SeriesDescription = "MR Whole Body w/o, ECHOCARDIOGRAM", "t1_tfl3d1 MPRAGE axial HEADNECK BONEPLUS"
    dataset.ProtocolName, dataset.PatientComments = "Wirbelsäule seitlich 5mm MPRAGE GRAPPA", "unremarkable thorax, Siemens scanner"
    dataset.StationName, dataset.PerformedProcedureStepDescription = "AVANTO", "CT THORAX ROUTINE (Adult)"
    dataset.add_new((0x0029, 0x0010), "LO", "SIEMENS CSA HEADER")
    dataset.add_new((0x0029, 0x1001), "LO", "LightSpeedApps2.4.1_H3.1M5")
    dataset.add_new((0x0029, 0x1002), "SH", "*epfid2d1_64")
    dataset.add_new((0x0029, 0x1003), "UN", b"TRUFISP SPINE ARRAY ")
    kept = {
        0x00180024: "*epfid2d1_64", 0x00181020: "LightSpeedApps2.4.1_H3.1M5", 0x00180015: "WIRBELSAEULE", 0x00181210: "BONEPLUS", 0x00081090: "Avanto",
        0x00181250: "HeadNeck;SpineArray", 0x00189005: "tfl3d1 MPRAGE", 0x00281055: "THORAX ROUTINE", 0x00189941: "Whole body, unremarkable", 0x00180022: "GRAPPA",
    }
    for tag, text in kept.items():
        dataset.add_new(tag, planter.vr(tag), text)
