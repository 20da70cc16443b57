#!/usr/bin/python3
"""Writes the files of this folder, which open with the password "open sesame" only. testdata/make.sh says what runs it.

Office programs write theirs through LibreOffice; 7z writes its own; RAR, which no free program writes, is made by hand from the
descriptions of its format (RAR 5.0 technote; the format of RAR 2.9 to 4 as free readers know it). The names of the files in the archives
hold a number of their own where they are in clear.
"""
import hashlib, os, struct, subprocess, sys, time, zlib

here = os.path.dirname(os.path.abspath(__file__))
os.chdir(here)
PASSWORD = "open sesame"
NAME, DATA = "640823-3234.txt", "personnummer 890102-2387\n".encode()
SALT, IV = bytes(range(16)), bytes(range(16, 32))


def write(name, data):
    with open(name, "wb") as f:
        f.write(data)


# --- office ------------------------------------------------------------------------------------------------------------


def office(sources, profile):
    import uno
    from com.sun.star.beans import NamedValue, PropertyValue

    def value(n, v):
        p = PropertyValue()
        p.Name, p.Value = n, v
        return p

    def lock(name):
        if not name.endswith("x"):
            return value("Password", PASSWORD)
        return value("EncryptionData", uno.Any("[]com.sun.star.beans.NamedValue", (NamedValue("OOXPassword", PASSWORD), NamedValue("CryptoType", "StrongEncryptionDataSpace"))))

    pipe = "locked%d" % os.getpid()
    proc = subprocess.Popen(["soffice", "--headless", "--norestore", "-env:UserInstallation=file://" + profile, "--accept=pipe,name=%s;urp;" % pipe])
    local = uno.getComponentContext()
    resolver = local.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", local)
    while True:
        try:
            ctx = resolver.resolve("uno:pipe,name=%s;urp;StarOffice.ComponentContext" % pipe)
            break
        except Exception:
            if proc.poll() is not None and proc.returncode != 81:  # 81: it starts again
                raise
            time.sleep(0.5)
    desktop = ctx.ServiceManager.createInstanceWithContext("com.sun.star.frame.Desktop", ctx)
    for source, kind, targets in (("text.fodt", "Text", {"text.odt": "writer8", "text.docx": "MS Word 2007 XML", "text.doc": "MS Word 97"}),
                                  ("sheet.fods", "Spreadsheet", {"sheet.ods": "calc8", "sheet.xlsx": "Calc MS Excel 2007 XML", "sheet.xls": "MS Excel 97"})):
        doc = desktop.loadComponentFromURL("file://%s/%s" % (sources, source), "_blank", 0,
                                          (value("Hidden", True), value("FilterName", "OpenDocument %s Flat XML" % kind)))
        for name, kind in targets.items():
            uno.invoke(doc, "storeToURL", ("file://%s/%s" % (here, name), (value("FilterName", kind), lock(name))))
        doc.close(True)
    try:
        desktop.terminate()
    except Exception:
        pass
    proc.wait()


# --- archives ----------------------------------------------------------------------------------------------------------


def aes(data, key, iv):
    data += bytes(-len(data) % 16)
    cmd = ["openssl", "enc", "-aes-%d-cbc" % (len(key) * 8), "-K", key.hex(), "-iv", iv.hex(), "-nopad"]
    return subprocess.run(cmd, input=data, stdout=subprocess.PIPE, check=True).stdout


def vint(n):
    out = b""
    while n > 0x7F:
        out += bytes([n & 0x7F | 0x80])
        n >>= 7
    return out + bytes([n])


def rar5(name, headers):
    """headers says that the headers are encrypted too, and not the content alone."""
    log = 15
    derive = lambda more: hashlib.pbkdf2_hmac("sha256", PASSWORD.encode(), SALT, (1 << log) + more)
    key, check = derive(0), derive(32)
    check = bytes(check[i] ^ check[i + 8] ^ check[i + 16] ^ check[i + 24] for i in range(8))
    check += hashlib.sha256(check).digest()[:4]

    def block(body, locked, data=b""):
        body = vint(len(body)) + body
        body = struct.pack("<I", zlib.crc32(body)) + body
        return (IV + aes(body, key, IV) if locked else body) + data

    out = b"Rar!\x1a\x07\x01\x00"
    if headers:
        out += block(vint(4) + vint(0) + vint(0) + vint(1) + bytes([log]) + SALT + check, False)
    out += block(vint(1) + vint(0) + vint(0), headers)
    extra = vint(1) + vint(0) + vint(1) + bytes([log]) + SALT + IV + check
    extra = vint(len(extra)) + extra
    data, n = aes(DATA, key, IV), NAME.encode()
    body = vint(2) + vint(3) + vint(len(extra)) + vint(len(data)) + vint(4) + vint(len(DATA)) + vint(0o644)
    body += struct.pack("<I", zlib.crc32(DATA)) + vint(0) + vint(1) + vint(len(n)) + n + extra
    write(name, out + block(body, headers, data) + block(vint(5) + vint(0) + vint(0), headers))


def rar4(name, headers):
    salt = SALT[:8]
    h, iv, seed = hashlib.sha1(), b"", PASSWORD.encode("utf-16le") + salt
    for i in range(1 << 18):
        h.update(seed + struct.pack("<I", i)[:3])
        if i % (1 << 14) == 0:
            iv += h.digest()[19:20]
    key = struct.pack("<4I", *struct.unpack(">4I", h.digest()[:16]))

    def block(kind, flags, rest, locked, data=b""):
        b = struct.pack("<BHH", kind, flags, 7 + len(rest)) + rest
        b = struct.pack("<H", zlib.crc32(b) & 0xFFFF) + b
        return (salt + aes(b, key, iv) if locked else b) + data

    out = b"Rar!\x1a\x07\x00" + block(0x73, 0x80 if headers else 0, bytes(6), False)
    data, n = aes(DATA, key, iv), NAME.encode()
    rest = struct.pack("<IIBIIBBHI", len(data), len(DATA), 3, zlib.crc32(DATA), 0x5D6B5000, 29, 0x30, len(n), 0o100644) + n + salt
    out += block(0x74, 0x8404, rest, headers, data)
    write(name, out + block(0x7B, 0x4000, b"", headers))


office(sys.argv[1], sys.argv[2])
for name, headers in (("names", False), ("headers", True)):
    rar5(name + "5.rar", headers)
    rar4(name + "4.rar", headers)
    write(NAME, DATA)
    os.utime(NAME, (1795824000, 1795824000))
    if os.path.exists(name + ".7z"):
        os.remove(name + ".7z")
    subprocess.run(["7z", "a", "-bso0", "-bsp0", "-p" + PASSWORD, "-mhe=" + ("on" if headers else "off"), name + ".7z", NAME], check=True)
    os.remove(NAME)
