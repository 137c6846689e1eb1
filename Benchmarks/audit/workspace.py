"""A workspace under attack: the program run on it, and edits of its files such as an intruder, a disk or a tired admin makes."""
import glob, hashlib, json, os, random, shutil, subprocess


class Place:
    """Where the copies lie, and the program that is tried."""
    root = None
    program = None


def run(*words, **options):
    return subprocess.run([Place.program, *words], capture_output=True, text=True, errors="replace", timeout=options.pop("timeout", 300), **options)


def verify(workspace, *words, **options):
    """Exit code, codes of the findings, and the summary."""
    result = run("audit", "verify", "--workspace", workspace, "--json", "--progress", "none", *words, **options)
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    return result.returncode, [line["finding"] for line in lines if "finding" in line], lines[-1] if lines else {}


def copied(source, name="w"):
    workspace = f"{Place.root}/{name}"
    subprocess.run(["rm", "-rf", workspace], check=True)
    subprocess.run(["cp", "-a", source, workspace], check=True)
    return workspace


def objects(workspace):
    return sorted(glob.glob(f"{workspace}/objects/??/*"))


def writable(path):
    """Breaks a hard link and allows writing, as an editor does."""
    with open(path, "rb") as file:
        data = file.read()
    os.unlink(path)
    with open(path, "wb") as file:
        file.write(data)
    return data


def change_byte(path):
    data = bytearray(writable(path))
    data[len(data) // 2] ^= 1
    with open(path, "wb") as file:
        file.write(data)


def truncate(path):
    data = writable(path)
    with open(path, "wb") as file:
        file.write(data[: len(data) // 2])


def append(path):
    data = writable(path)
    with open(path, "ab") as file:
        file.write(b"\0")


def swap(a, b):
    os.rename(a, a + ".x"), os.rename(b, a), os.rename(a + ".x", b)


def link(path):
    """Moves it away and leaves a link to it."""
    elsewhere = Place.root + "/elsewhere"
    subprocess.run(["rm", "-rf", elsewhere], check=True)
    os.rename(path, elsewhere)
    os.symlink(elsewhere, path)


def hard_link(path, other):
    os.unlink(path)
    os.link(other, path)


def in_place(path, make):
    os.unlink(path)
    make(path)


def plant(path, data=b"planted"):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data)


def plant_object(w):
    data = b"a planted object whose name is its hash"
    digest = hashlib.sha256(data).hexdigest()
    plant(f"{w}/objects/{digest[:2]}/{digest[2:]}", data)


def corrupt_page(w, page):
    size = 4096
    with open(f"{w}/catalog.sqlite", "r+b") as file:
        file.seek(page * size)
        file.write(random.Random(page).randbytes(size))


def overwrite(path, data):
    with open(path, "wb") as file:
        file.write(data)


def model_file(w, name, number=0):
    return sorted(glob.glob(f"{w}/models/*/{name}"))[number]


def run_file(w):
    return sorted(path for path in glob.glob(f"{w}/runs/*/*") if os.path.isfile(path))[0]


def replaced_catalog(w):
    """The catalog of a new workspace in the place of this one's."""
    other = f"{Place.root}/other"
    shutil.rmtree(other, ignore_errors=True)
    run("init", "--workspace", other)
    os.unlink(f"{w}/catalog.sqlite")
    shutil.copy(f"{other}/catalog.sqlite", f"{w}/catalog.sqlite")


def change_anchor(path, **members):
    with open(path) as file:
        anchor = json.load(file)
    anchor.update(members)
    overwrite(path, json.dumps(anchor, sort_keys=True, separators=(",", ":")).encode() + b"\n")


def append_bytes(path, data):
    with open(path, "ab") as file:
        file.write(data)
