#!/usr/bin/env python3
"""Writes the PDF files of this folder: by hand where a place must be exact, by qpdf (11.3) where it does what programs do.

Each line of text says where it stands and holds a number of its own, by which the tests know it.
"""
import os, subprocess, zipfile, zlib

os.chdir(os.path.dirname(os.path.abspath(__file__)))


def build(objects, root=1, info=None):
    out, at = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"), {}
    for n, o in sorted(objects.items()):
        at[n] = len(out)
        out += b"%d 0 obj\n" % n + o + b"\nendobj\n"
    start, size = len(out), max(objects) + 1
    out += b"xref\n0 %d\n0000000000 65535 f \n" % size
    for n in range(1, size):
        out += b"%010d 00000 n \n" % at[n] if n in at else b"0000000000 65535 f \n"
    out += b"trailer\n<</Size %d/Root %d 0 R" % (size, root)
    if info:
        out += b"/Info %d 0 R" % info
    return bytes(out) + b">>\nstartxref\n%d\n%%%%EOF\n" % start


def stream(data, more=b""):
    return b"<</Length %d%s>>\nstream\n" % (len(data), more) + data + b"\nendstream"


def write(name, data):
    with open(name, "wb") as f:
        f.write(data)


HELVETICA = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>"
TIMES = b"<</Type/Font/Subtype/Type1/BaseFont/Times-Roman/Encoding/WinAnsiEncoding>>"
CMAP = b"""/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def
1 begincodespacerange <0000> <FFFF> endcodespacerange
11 beginbfchar <0001> <0036> <0002> <0032> <0003> <0030> <0004> <0031> <0005> <002D> <0006> <0039> <0007> <0038>
<0008> <0033> <0009> <0034> <000A> <0035> <000B> <0037> endbfchar endcmap end end"""
CONTENT = b"""BT /F1 12 Tf 72 700 Td [(kerned 8901) -20 (02) 30 (-23) 50 (87 end)] TJ ET
BT /F1 12 Tf 72 680 Td (two fonts 64082) Tj /F2 12 Tf (3-3234) Tj ET
BT /F3 12 Tf 72 660 Td <000100020003000400030004000500060006000600070006> Tj ET
BT /F1 12 Tf 72 640 Td [(gap) -400 (word)] TJ ET
1 1 1 rg BT /F1 12 Tf 72 620 Td (white 550101-0011) Tj ET 0 g
BT /F1 12 Tf 72 -300 Td (outside 560101-0012) Tj ET
BT /F1 12 Tf 3 Tr 72 600 Td (invisible 570101-0013) Tj ET
BT /F1 1 Tf 0 Tr 12 0 0 12 72 540 Tm (scaled 7703) Tj ET BT /F1 12 Tf 134 540 Td (19-2389) Tj ET
"""
places = {
    1: b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[9 0 R 10 0 R]/DA(/F1 12 Tf 0 g)/XFA[(datasets) 23 0 R]>>"
       b"/Names<</EmbeddedFiles<</Names[(lista.csv) 13 0 R]>>/JavaScript<</Names[(a) 18 0 R]>>>>"
       b"/Outlines 15 0 R/Metadata 17 0 R>>",
    2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
    3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/CropBox[0 100 612 792]/Contents 4 0 R"
       b"/Resources<</Font<</F1 5 0 R/F2 6 0 R/F3 7 0 R>>>>/Annots[9 0 R 10 0 R 11 0 R 12 0 R 19 0 R 21 0 R]>>",
    4: stream(CONTENT), 5: HELVETICA, 6: TIMES,
    7: b"<</Type/Font/Subtype/Type0/BaseFont/Arial/Encoding/Identity-H/ToUnicode 8 0 R/DescendantFonts[<</Type/Font"
       b"/Subtype/CIDFontType2/BaseFont/Arial/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>"
       b"/FontDescriptor<</Type/FontDescriptor/FontName/Arial/Flags 4/FontBBox[0 0 1000 1000]/ItalicAngle 0/Ascent 800"
       b"/Descent -200/CapHeight 700/StemV 80>>/DW 600>>]>>",
    8: stream(CMAP),
    9: b"<</Type/Annot/Subtype/Widget/FT/Tx/T(pnr)/V(field 580101-0014)/TU(tooltip)/Rect[72 500 300 520]/P 3 0 R>>",
    10: b"<</Type/Annot/Subtype/Widget/FT/Ch/Ff 131072/T(choice)/V(a)/Opt[(a)(option 590101-0015)]/Rect[72 470 300 490]/P 3 0 R>>",
    11: b"<</Type/Annot/Subtype/Text/Contents(note 600101-0016)/T(Anna)/Rect[10 10 30 30]/P 3 0 R>>",
    12: b"<</Type/Annot/Subtype/Link/Rect[0 0 10 10]/A<</S/URI/URI(https://x.example/?link=610101-0017)>>/P 3 0 R>>",
    13: b"<</Type/Filespec/F(lista.csv)/UF(lista.csv)/EF<</F 14 0 R>>>>",
    14: stream(b"file;620101-0018\n", b"/Type/EmbeddedFile"),
    15: b"<</Type/Outlines/First 16 0 R/Last 16 0 R/Count 1>>",
    16: b"<</Title(bookmark 630101-0019)/Parent 15 0 R/Next 16 0 R>>",  # goes in circles
    17: stream(b"<?xpacket begin='' id='W5M0MpCehiHzreSzNTczkc9d'?><x:xmpmeta xmlns:x='adobe:ns:meta/'><a>xmp 640101-0020</a>"
               b"</x:xmpmeta><?xpacket end='w'?>", b"/Type/Metadata/Subtype/XML"),
    18: b"<</S/JavaScript/JS(var a = 'script 650101-0021')>>",
    19: b"<</Type/Annot/Subtype/FreeText/Contents(shown)/DA(/F1 12 Tf)/Rect[72 400 300 420]/AP<</N 22 0 R>>/F 4/P 3 0 R>>",
    20: b"<</Title(title 660101-0022)/Author(Anna)>>",
    21: b"<</Type/Annot/Subtype/FileAttachment/FS 24 0 R/Contents(pin 670101-0023)/Rect[0 0 10 10]/P 3 0 R>>",
    22: stream(b"BT /F1 12 Tf 0 5 Td (stamp 680101-0024) Tj ET",
               b"/Type/XObject/Subtype/Form/BBox[0 0 228 20]/Resources<</Font<</F1 5 0 R>>>>"),
    23: stream(b"<xfa:data xmlns:xfa='http://www.xfa.org/schema/xfa-data/1.0/'><pnr>xfa 690101-0025</pnr></xfa:data>"),
    24: b"<</Type/Filespec/F(pinned.txt)/UF(pinned.txt)/EF<</F 25 0 R>>>>",
    25: stream(b"pinned 700101-0026\n", b"/Type/EmbeddedFile"),
}
write("places.pdf", build(places, info=20))


def page(content, resources=b"", more=None):
    return build({
        1: b"<</Type/Catalog/Pages 2 0 R>>", 2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<<%s>>>>" % resources,
        4: stream(content), 5: HELVETICA, **(more or {}),
    })


text = page(b"BT /F1 12 Tf 72 700 Td (text 890102-2387) Tj ET", b"/Font<</F1 5 0 R>>")
write("text.pdf", text)
image = stream(bytes(range(0, 256, 4)), b"/Type/XObject/Subtype/Image/Width 8/Height 8/BitsPerComponent 8/ColorSpace/DeviceGray")
write("scan.pdf", page(b"q 500 0 0 700 50 50 cm /I Do Q", b"/XObject<</I 6 0 R>>", {6: image}))
write("strokes.pdf", page(b"".join(b"%d 100 m %d 110 l S\n" % (i, i) for i in range(300))))
write("empty.pdf", page(b""))
write("loop.pdf", build({
    1: b"<</Type/Catalog/Pages 2 0 R>>", 2: b"<</Type/Pages/Kids[3 0 R 2 0 R]/Count 1000000>>",
    3: b"<</Type/Pages/Parent 2 0 R/Kids[2 0 R]/Count 1000000>>",
}))
write("cut.pdf", text[:text.index(b"text 89") + 8])
with open("zip.pdf", "wb") as f:
    f.write(text)
    with zipfile.ZipFile(f, "a") as z:
        z.writestr(zipfile.ZipInfo("behind.txt"), "behind 710101-0027")

# What is carried beside what is shown: texts that stand for others, a pattern with text, a letter that is drawn with a line of
# text, packed metadata.
FONTS = b"<</Font<</F1 5 0 R>>>>"
write("carried.pdf", build({
    1: b"<</Type/Catalog/Pages 2 0 R/Metadata 9 0 R/StructTreeRoot<</Type/StructTreeRoot/K 10 0 R>>>>",
    2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
    3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R/F3 7 0 R>>/XObject<</X 11 0 R>>"
       b"/Properties<</MC0<</Actual#54ext<FEFF0061006300740075006100" b"6C0020003700340030003100300031002D0030003000330030>>>>>"
       b"/ColorSpace<</P[/Pattern]>>/Pattern<</P1 6 0 R>>>>>>",
    4: stream(zlib.compress(b"BT /F1 12 Tf 72 700 Td /Span <</ActualText (actual 720101-0028)>> BDC (shown 730101-0029) Tj EMC ET\n"
                            b"BT /F1 12 Tf 72 680 Td /Span /MC0 BDC (shown 750101-0031) Tj EMC ET /X Do\n"
                            b"/P cs /P1 scn 72 100 300 300 re f BT /F3 12 Tf 72 50 Td (a) Tj ET"), b"/Filter/FlateDecode"),
    5: HELVETICA,
    6: stream(b"BT /F1 12 Tf 5 5 Td (pattern 760101-0032) Tj ET", b"/Type/Pattern/PatternType 1/PaintType 1/TilingType 1/BBox[0 0 200 20]"
              b"/XStep 200/YStep 20/Resources " + FONTS),
    7: b"<</Type/Font/Subtype/Type3/FontBBox[0 0 900 900]/FontMatrix[.001 0 0 .001 0 0]/CharProcs<</a 8 0 R>>/FirstChar 97/LastChar 97"
       b"/Widths[900]/Encoding<</Differences[97/a]>>/Resources " + FONTS + b">>",
    8: stream(b"900 0 d0 BT /F1 90 Tf (letter 770101-0033) Tj ET"),
    9: stream(zlib.compress(b"<?xpacket begin='' id='W5M0MpCehiHzreSzNTczkc9d'?><x:xmpmeta xmlns:x='adobe:ns:meta/'><a>packed 780101-0034</a>"
                            b"</x:xmpmeta>"), b"/Type/Metadata/Subtype/XML/Filter/FlateDecode"),
    10: b"<</Type/StructElem/S/Figure/Alt(figure 790101-0035)>>",
    11: stream(b"/Span <</ActualText (form 800101-0036)>> BDC BT /F1 12 Tf 72 640 Td (in form 810101-0037) Tj ET EMC",
               b"/Type/XObject/Subtype/Form/BBox[0 0 612 792]/Resources " + FONTS),
}))

# A font whose letters are drawings without a name: 1 to 6 draw strokes.
stroke = stream(b"500 0 0 0 500 700 d1 100 0 300 700 re f")
write("type3.pdf", page(b"BT /F1 12 Tf 72 700 Td (heading of the page in letters) Tj /F3 12 Tf 0 -20 Td <060203040506> Tj ET",
                        b"/Font<</F1 5 0 R/F3 6 0 R>>", {
    6: b"<</Type/Font/Subtype/Type3/FontBBox[0 0 500 700]/FontMatrix[.001 0 0 .001 0 0]/CharProcs<</g1 7 0 R/g2 7 0 R/g3 7 0 R/g4 7 0 R"
       b"/g5 7 0 R/g6 7 0 R>>/FirstChar 1/LastChar 6/Widths[500 500 500 500 500 500]/Encoding<</Differences[1/g1/g2/g3/g4/g5/g6]>>>>",
    7: stroke,
}))
named = b"".join(b"/%s 7 0 R" % n for n in (b"one", b"two", b"hyphen", b"uni0033"))  # by their codes
write("type3named.pdf", page(b"BT /F3 12 Tf 72 700 Td (12-312) Tj ET", b"/Font<</F3 6 0 R>>", {
    6: b"<</Type/Font/Subtype/Type3/FontBBox[0 0 500 700]/FontMatrix[.001 0 0 .001 0 0]/CharProcs<<" + named + b">>/FirstChar 45/LastChar 51"
       b"/Widths[500 0 0 0 500 500 500]/Encoding<</Differences[45/hyphen 49/one/two/uni0033]>>>>",
    7: stroke,
}))

# A page tree that says that it has one page, and has three.
count = {
    1: b"<</Type/Catalog/Pages 2 0 R>>", 2: b"<</Type/Pages/Kids[3 0 R 6 0 R 8 0 R]/Count 1/Resources " + FONTS + b">>",
    3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R>>",
    4: stream(b"BT /F1 12 Tf 72 700 Td (counted 820101-0038) Tj ET"), 5: HELVETICA,
    6: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents[7 0 R]>>",
    7: stream(b"BT /F1 12 Tf 72 700 Td (uncounted 830101-0039) Tj ET"),
    8: b"<</#54ype/P#61ge/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 9 0 R>>",
    9: stream(b"BT /F1 12 Tf 72 700 Td (uncounted 840101-0040) Tj ET"),
}
write("count.pdf", build(count))
write("counttwice.pdf", build({**count, 2: count[2].replace(b"[3 0 R 6", b"[3 0 R 3 0 R 6").replace(b"Count 1", b"Count 2")}))

# The same with all that is no stream in a stream of objects, and a table of its own kind.
packed = {n: o for n, o in count.items() if not o.endswith(b"endstream")}
index, body = b"", b""
for n, o in packed.items():
    index += b"%d %d " % (n, len(body))
    body += o + b"\n"
out, rows = bytearray(b"%PDF-1.7\n"), {}
for n, o in {**{n: o for n, o in count.items() if n not in packed},
             10: stream(zlib.compress(index + body), b"/Type/ObjStm/N %d/First %d/Filter/FlateDecode" % (len(packed), len(index)))}.items():
    rows[n] = b"\1%c%c\0" % divmod(len(out), 256)
    out += b"%d 0 obj\n" % n + o + b"\nendobj\n"
rows |= {n: b"\2\0\x0a%c" % i for i, n in enumerate(packed)}
start = len(out)
rows[0], rows[11] = b"\0\0\0\0", b"\1%c%c\0" % divmod(start, 256)
out += b"11 0 obj\n" + stream(b"".join(rows[n] for n in range(12)), b"/Type/XRef/W[1 2 1]/Size 12/Root 1 0 R") + b"\nendobj\n"
write("countpacked.pdf", bytes(out) + b"startxref\n%d\n%%%%EOF\n" % start)

# A file that was changed twice: the text of its page, then a page taken away.
def changed(data, objects):
    before, at = int(data.rstrip().split(b"\n")[-2]), {}
    out = bytearray(data)
    for n, o in objects.items():
        at[n] = len(out)
        out += b"%d 0 obj\n" % n + o + b"\nendobj\n"
    start = len(out)
    out += b"xref\n" + b"".join(b"%d 1\n%010d 00000 n \n" % (n, at[n]) for n in objects)
    return bytes(out) + b"trailer\n<</Size 10/Root 1 0 R/Prev %d>>\nstartxref\n%d\n%%%%EOF\n" % (before, start)


first = build({**count, 2: b"<</Type/Pages/Kids[3 0 R 6 0 R]/Count 2/Resources " + FONTS + b">>",
               4: stream(b"BT /F1 12 Tf 72 700 Td (at first 850101-0041) Tj ET"), 8: b"null", 9: b"null"})
second = changed(first, {4: stream(b"BT /F1 12 Tf 72 700 Td (then 860101-0042) Tj ET")})
write("revised.pdf", changed(second, {2: b"<</Type/Pages/Kids[3 0 R]/Count 1/Resources " + FONTS + b">>", 6: b"null",
                                      4: stream(b"BT /F1 12 Tf 72 700 Td (now 870101-0043) Tj ET")}))

QPDF = ["qpdf", "--deterministic-id"]
subprocess.run([*QPDF, "--object-streams=generate", "--compress-streams=y", "carried.pdf", "carriedpacked.pdf"], check=True)
subprocess.run(["qpdf", "--static-id", "--static-aes-iv", "--encrypt", "", "owner", "256", "--", "carried.pdf", "carriedowner.pdf"], check=True)
subprocess.run(["qpdf", "--static-id", "--linearize", "text.pdf", "linear.pdf"], check=True)
subprocess.run([*QPDF, "--object-streams=generate", "--compress-streams=y", "places.pdf", "objects.pdf"], check=True)
for name, user in (("owner.pdf", ""), ("user.pdf", "open sesame")):
    subprocess.run(["qpdf", "--static-id", "--static-aes-iv", "--encrypt", user, "owner", "256", "--", "text.pdf", name], check=True)
