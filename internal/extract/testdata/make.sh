#!/bin/sh
# Makes the files in places/ from what stands in places/source. They are checked in, so nothing needs this to be run; it is
# kept to say where they come from and to make more. What office programs write differs from run to run (times, ids), so after
# a run places/places.txt may need the new name of the object in sheet.xls.
#
# Last run 2026-11-28 on Debian 12 with LibreOffice 7.4.7.2, 7-Zip 26.02 (p7zip 16.02), Info-ZIP 3.0, GNU tar 1.34,
# gzip 1.12, bzip2 1.0.8, xz 5.4.1, uuencode (sharutils) 4.15.2, Python 3.11.2, python3-docx 0.8.11, python3-openpyxl 3.0.9.
set -eu
cd "$(dirname "$0")/places"
here=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/in"
for f in text.fodt sheet.fods slides.fodp; do sed -f source/numbers.sed "source/$f" > "$work/in/$f"; done

# office FILTER SOURCE NAME converts one document.
office() {
	case $2 in text.*) from=Text ;; sheet.*) from=Spreadsheet ;; *) from=Presentation ;; esac
	soffice --infilter="OpenDocument $from Flat XML" -env:UserInstallation="file://$work/profile" --headless --convert-to "$1" --outdir "$work/out" "$work/in/$2" > "$work/log" 2>&1 ||
		{ cat "$work/log"; exit 1; }
	mv "$work/out/${2%.*}.${1%%:*}" "$3"
}
office odt text.fodt text.odt
office docx text.fodt text.docx
office 'docm:MS Word 2007 XML VBA' text.fodt text.docm
office 'doc:MS Word 97' text.fodt text.doc
office 'rtf:Rich Text Format' text.fodt text.rtf
office 'html:HTML (StarWriter)' text.fodt text.html
office ods sheet.fods sheet.ods
office 'xlsx:Calc MS Excel 2007 XML' sheet.fods sheet.xlsx
office 'xlsm:Calc MS Excel 2007 VBA XML' sheet.fods sheet.xlsm
office 'xls:MS Excel 97' sheet.fods sheet.xls
office odp slides.fodp slides.odp
office 'pptx:Impress MS PowerPoint 2007 XML' slides.fodp slides.pptx
office 'ppt:MS PowerPoint 97' slides.fodp slides.ppt
gzip -9nf slides.ppt

# What no program here writes, then the archives of those that do.
/usr/bin/python3 source/make.py
rm -f arkiv.7z arkiv.tar*
7z a -bso0 -bsp0 arkiv.7z lista.txt inre.zip 500103-9808.txt
tar --format=pax --owner=0 --group=0 --mtime=2026-11-28 -cf arkiv.tar lista.txt inre.zip 500103-9808.txt
gzip -9nk arkiv.tar
bzip2 -9k arkiv.tar
xz -9ek arkiv.tar
mv lista.txt 640823-3234.txt
gzip -9c 640823-3234.txt > namn.gz # the name stands in the header, RFC 1952
bzip2 -9c 640823-3234.txt > 640823-3234.txt.bz2
xz -9c 640823-3234.txt > 640823-3234.txt.xz
rm -f 640823-3234.txt inre.zip 500103-9808.txt

# Files that open with a password only. Needs python3-uno (7.4.7) and openssl (3.0) too; what they hold differs from run to run.
/usr/bin/python3 ../locked/make.py "$work/in" "$work/locked"
