"""Writes the files of places/ that no program at hand writes, and puts embedded objects where LibreOffice leaves them out.

Called by make.sh in a folder of its own, with the documents that LibreOffice made. BODY is the number in plain sight, LEAST the
one in the least obvious place. The containers are written by the field's own papers: MS-CFB, MS-OXMSG, MS-OXTNEF, MS-OLEDS, the
technical notes of RAR 4 and 5.
"""
import binascii, base64, datetime, io, quopri, struct, sys, zipfile, zlib

import docx
import openpyxl
from openpyxl.comments import Comment

BODY, LEAST = "890102-2387", "640823-3234"
HEADER, COMMENT, FOOTER = "500103-9808", "540507-9848", "510204-9813"


def write(name, data):
    with open(name, "wb") as f:
        f.write(data if isinstance(data, bytes) else data.encode())


# --- documents ---------------------------------------------------------------------------------------------------------


def add(archive, files, patches):
    """Adds files to an office document and patches parts of it: {name: (old, new)}."""
    out = io.BytesIO()
    with zipfile.ZipFile(archive) as src, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as dst:
        for i in src.infolist():
            data = src.read(i.filename)
            if i.filename in patches:
                old, new = patches[i.filename]
                assert old in data, (archive, i.filename)
                data = data.replace(old, new, 1)
            dst.writestr(i.filename, data)
        for name, data in files.items():
            dst.writestr(name, data)
    write(archive, out.getvalue())


def word():
    d = docx.Document()
    d.add_paragraph("Personnummer " + BODY)
    d.sections[0].header.paragraphs[0].text = "Huvud " + HEADER
    d.sections[0].footer.paragraphs[0].text = "Fot " + FOOTER
    d.core_properties.comments = "Anm " + LEAST
    d.save("python.docx")


def excel():
    b = openpyxl.Workbook()
    s = b.active
    s.title = "Blad1"
    s.append(["Namn", "Personnummer"])
    s.append(["Kim Ek", 8901022387])
    s["B2"].number_format = "000000\\-0000"
    s["A2"].comment = Comment("kommentar " + COMMENT, "Kim")
    s.oddFooter.center.text = "Fot " + FOOTER
    h = b.create_sheet("Dold")
    h.sheet_state = "veryHidden"
    h["A1"] = LEAST
    b.save("python.xlsx")


def embedded_docx():
    d = docx.Document()
    d.add_paragraph("inbäddat " + LEAST)
    out = io.BytesIO()
    d.save(out)
    # python-docx brings a template of 36 KB; the parts that matter are kept.
    slim = io.BytesIO()
    keep = {"[Content_Types].xml", "_rels/.rels", "word/document.xml"}
    with zipfile.ZipFile(out) as src, zipfile.ZipFile(slim, "w", zipfile.ZIP_DEFLATED) as dst:
        for i in src.infolist():
            if i.filename in keep:
                dst.writestr(i.filename, src.read(i.filename))
    return slim.getvalue()


def package(name, data):
    """An OLE 1 package (MS-OLEDS 2.3.6) without its length."""
    n = name.encode("cp1252") + b"\0"
    return b"\x02\0" + n + b"C:\\" + n + b"\0\0\x03\0" + struct.pack("<I", len(n) + 3) + b"C:\\" + n + struct.pack("<I", len(data)) + data


def rtf(name):
    native = package("inre.txt", ("inbäddat " + LEAST).encode("cp1252"))

    def string(s):
        return struct.pack("<I", len(s) + 1) + s + b"\0"

    obj = struct.pack("<II", 0x501, 2) + string(b"Package") + struct.pack("<II", 0, 0) + struct.pack("<I", len(native)) + native
    b = open(name, "rb").read()
    end = b.rstrip(b"\r\n \0").rindex(b"}")
    write(name, b[:end] + b"{\\object\\objemb{\\*\\objclass Package}{\\*\\objdata \r\n" + binascii.hexlify(obj) + b"}}" + b[end:])


# --- compound files ----------------------------------------------------------------------------------------------------


def compound(streams):
    """A compound file (MS-CFB, version 3) of {path: bytes}. Every stream is padded to the size that keeps it out of the mini
    stream; the directory is a list, not a balanced tree, which readers accept."""
    none, end, sector = 0xFFFFFFFF, 0xFFFFFFFE, 512
    entries = [["Root Entry", 5, none, none, none, end, 0]]
    folders, data, fat = {"": 0}, b"", []

    def enter(parent, e):
        e[3] = entries[parent][4]
        entries.append(e)
        entries[parent][4] = len(entries) - 1
        return len(entries) - 1

    for path, body in streams.items():
        dirs, base = path.split("/")[:-1], path.split("/")[-1]
        at = ""
        for d in dirs:
            nxt = (at + "/" + d).strip("/")
            if nxt not in folders:
                folders[nxt] = enter(folders[at], [d, 1, none, none, none, end, 0])
            at = nxt
        size = max(len(body), 4096)
        body = body.ljust((size + sector - 1) // sector * sector, b"\0")
        start, n = len(fat), len(body) // sector
        fat += [start + i + 1 for i in range(n)]
        fat[-1] = end
        data += body
        enter(folders[at], [base, 2, none, none, none, start, size])
    while len(entries) % 4:
        entries.append(["", 0, none, none, none, 0, 0])
    dir_start, dirs = len(fat), b""
    for name, kind, left, right, child, start, size in entries:
        n = name.encode("utf-16le")
        dirs += n.ljust(64, b"\0") + struct.pack("<HBBIII", len(n) + 2 if name else 0, kind, 1, left, right, child) + bytes(36) + struct.pack("<IIxxxx", start, size)
    n = len(dirs) // sector
    fat += [dir_start + i + 1 for i in range(n)]
    fat[-1] = end
    fat_start, sectors = len(fat), 1
    while (len(fat) + sectors) * 4 > sectors * sector:
        sectors += 1
    fat += [0xFFFFFFFD] * sectors
    fat += [none] * (sectors * sector // 4 - len(fat))
    head = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1" + bytes(16) + struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    head += struct.pack("<IIIIIIIII", 0, sectors, dir_start, 0, 4096, end, 0, end, 0)
    head += b"".join(struct.pack("<I", fat_start + i if i < sectors else none) for i in range(109))
    assert len(head) == sector
    return head + data + dirs + b"".join(struct.pack("<I", f) for f in fat)


def msg():
    w = lambda s: s.encode("utf-16le")
    write("brev.msg", compound({
        "__properties_version1.0": bytes(32),
        "__substg1.0_0037001F": w("Underlag " + HEADER),
        "__substg1.0_1000001F": w("Personnummer " + BODY),
        "__substg1.0_007D001F": w("X-Arende: " + COMMENT + "\r\n"),
        "__attach_version1.0_#00000000/__substg1.0_3707001F": w("inre.docx"),
        "__attach_version1.0_#00000000/__substg1.0_37010102": embedded_docx(),
        "__recip_version1.0_#00000000/__substg1.0_3001001F": w("Kim " + FOOTER),
    }))


def winmail():
    def attribute(level, kind, data):
        return struct.pack("<BII", level, kind, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)

    out = b"\x78\x9f\x3e\x22\x01\x00" + attribute(1, 0x00069007, struct.pack("<II", 1252, 0))
    out += attribute(1, 0x00018004, b"Underlag\0") + attribute(1, 0x0002800C, ("Personnummer " + BODY).encode() + b"\0")
    out += attribute(2, 0x00069002, bytes(14)) + attribute(2, 0x00018010, b"inre.docx\0") + attribute(2, 0x0006800F, embedded_docx())
    write("winmail.dat", out)


# --- archives ----------------------------------------------------------------------------------------------------------


def vint(n):
    out = b""
    while n > 0x7F:
        out += bytes([n & 0x7F | 0x80])
        n >>= 7
    return out + bytes([n])


def rar5(name, files):
    def block(body, data=b""):
        body = vint(len(body)) + body
        return struct.pack("<I", zlib.crc32(body)) + body + data

    out = b"Rar!\x1a\x07\x01\x00" + block(vint(1) + vint(0) + vint(0))
    for n, data in files.items():
        n = n.encode()
        body = vint(2) + vint(2) + vint(len(data)) + vint(4) + vint(len(data)) + vint(0o644) + struct.pack("<I", zlib.crc32(data))
        out += block(body + vint(0) + vint(1) + vint(len(n)) + n, data)
    write(name, out + block(vint(5) + vint(0) + vint(0)))


def rar4(name, files):
    def header(kind, flags, rest):
        b = struct.pack("<BHH", kind, flags, 7 + len(rest)) + rest
        return struct.pack("<H", zlib.crc32(b) & 0xFFFF) + b

    out = b"Rar!\x1a\x07\x00" + header(0x73, 0, bytes(6))
    for n, data in files.items():
        n = n.encode()
        out += header(0x74, 0x8000, struct.pack("<IIBIIBBHI", len(data), len(data), 3, zlib.crc32(data), 0x5D6B5000, 20, 0x30, len(n), 0o100644) + n) + data
    write(name, out + header(0x7B, 0x4000, b""))


def archives():
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("inre.txt", "längst inne " + LEAST + "\n")
    files = {"lista.txt": ("Personnummer " + BODY + "\n").encode(), "inre.zip": inner.getvalue(), HEADER + ".txt": b"ett namn\n"}
    for n, b in files.items():
        write(n, b)
    with zipfile.ZipFile("arkiv.zip", "w", zipfile.ZIP_DEFLATED) as z:
        for n, b in files.items():
            i = zipfile.ZipInfo(n)
            i.comment = ("om filen " + FOOTER).encode() if n == "lista.txt" else b""
            z.writestr(i, b)
        z.comment = ("om arkivet " + COMMENT).encode()
    rar5("arkiv5.rar", files)
    rar4("arkiv4.rar", files)


# --- text --------------------------------------------------------------------------------------------------------------


def text():
    filler = "Åtgärd nr %d är klar.\r\n"
    long = "Personnummer " + BODY + "\r\n" + "".join(filler % i for i in range(400)) + "Sist " + LEAST + "\r\n"
    for name, enc in {"utf8": "utf-8", "utf8bom": "utf-8-sig", "latin1": "latin-1", "utf16le": "utf-16le", "utf16be": "utf-16be"}.items():
        write(name + ".txt", long.encode(enc))
    write("utf16.txt", b"\xff\xfe" + long.encode("utf-16le"))
    write("cp1252.txt", ("Avgift 200 € – " + long).encode("cp1252"))

    rows = [["Namn", "Personnummer", "Anm"], ["Åsa", BODY, "a"], ["Bo", "-", "två\nrader " + LEAST]]
    for name, d, enc in [("komma", ",", "utf-8"), ("semikolon", ";", "latin-1"), ("tabb", "\t", "utf-16"), ("streck", "|", "cp1252"), ("hatt", "^", "utf-8")]:
        lines = "\r\n".join(d.join('"%s"' % c.replace('"', '""') for c in r) for r in rows) + "\r\n"
        write(name + ".csv", ("sep=^\r\n" * (d == "^") + lines).encode(enc))

    write("data.xml", f'<?xml version="1.0" encoding="iso-8859-1"?>\n<rad namn="Åsa" ref="{LEAST}"><!-- {COMMENT} --><pnr>{BODY}</pnr><b><![CDATA[{FOOTER}]]></b></rad>\n'.encode("latin-1"))
    escaped = "".join("\\u%04x" % ord(c) for c in LEAST)
    write("data.json", '{"pnr": "%s", "anm": {"%s": null}}\n' % (BODY, escaped))
    write("post.ics", "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nSUMMARY:Möte om 8901\r\n 02-2387\r\nATTENDEE;CN=\"Kim 6408\r\n\t23-3234\":mailto:kim@ekman.example\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")
    write("kort.vcf", "BEGIN:VCARD\r\nVERSION:2.1\r\nFN:Kim Ek\r\nNOTE:nr 8901\r\n 02-2387\r\nTITLE;CHARSET=ISO-8859-1;ENCODING=QUOTED-PRINTABLE:=C5sa =36408=\r\n23-3234\r\nEND:VCARD\r\n")
    write("sida.html", f'<html><head><title>t {FOOTER}</title></head><body><p>8901<b>02</b>-2387<!-- {COMMENT} --><img alt="{HEADER}"><input type="hidden" value="{LEAST}"></body></html>\n')
    write("bild.svg", f'<svg xmlns="http://www.w3.org/2000/svg"><title>{FOOTER}</title><script>var nr = "{COMMENT}"</script><text>8901<tspan>02-2387</tspan></text><desc>{LEAST}</desc></svg>\n')

    inner = "From: a@ekman.example\r\nSubject: inre\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=i\r\n\r\n--i\r\n\r\nPersonnummer " + BODY + "\r\n--i\r\n"
    inner += "Content-Type: application/octet-stream; name=inre.docx\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(embedded_docx()).decode().replace("\n", "\r\n") + "--i--\r\n"
    write("brev.eml", inner)
    box = "From a@ekman.example Mon Nov 23 10:00:00 2026\nSubject: ett\n\nPersonnummer " + BODY + "\n\nFrom b@ekman.example Mon Nov 23 11:00:00 2026\nSubject: =?utf-8?q?nr_" + LEAST + "?=\n\nhej\n"
    write("box.mbox", box)
    yenc = bytes((c + 42) & 0xFF for c in ("Personnummer " + LEAST + "\r\n").encode())
    yenc = yenc.replace(b"=", b"=}")
    uu = b"begin 644 lista.txt\r\n" + binascii.b2a_uu(("Personnummer " + BODY + "\n").encode()).replace(b"\n", b"\r\n") + b"`\r\nend\r\n"
    write("kodat.txt", b"Hej,\r\n\r\n" + uu + b"\r\n=ybegin line=128 size=%d name=y.txt\r\n" % len(yenc) + yenc + b"\r\n=yend size=%d\r\n" % len(yenc))


word()
excel()
add("sheet.xlsx", {"xl/embeddings/Microsoft_Word_Document.docx": embedded_docx()}, {"[Content_Types].xml": (b"<Override ", b'<Default Extension="docx" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document"/><Override ')})
add("sheet.xlsm", {"xl/embeddings/oleObject1.bin": compound({"\x01Ole10Native": (lambda p: struct.pack("<I", len(p)) + p)(package("inre.txt", ("inbäddat " + LEAST).encode("cp1252")))})}, {})
rtf("text.rtf")
msg()
winmail()
archives()
text()
