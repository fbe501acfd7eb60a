"""Reads the briefing with poppler and the pictures with GDAL, and compares the briefing's table with the run's own files. Run
with the system's Python.

    document_briefing.py FOLDER

Prints as JSON: pages and title of the PDF, rows of its table of areas that were found and those that differ, the words of the
whole text, and of each picture its driver, size, number of frames and of colours.
"""

import json
import pathlib
import subprocess
import sys

from osgeo import gdal

gdal.UseExceptions()
folder = pathlib.Path(sys.argv[1])
NM2 = 1.852 * 1.852


def said(program, *arguments):
    done = subprocess.run([program, *arguments], check=True, capture_output=True, text=True)
    if done.stderr:
        sys.exit(f"{program}: {done.stderr}")
    return done.stdout.replace("\u00a0", " ").replace("\u2212", "-")


def amount(value):
    """Three digits that count, as the briefing has them."""
    decimals = 0 if value >= 99.95 else 1 if value >= 9.995 else 2
    return f"{value:,.{decimals}f}"


def minutes(degrees, digits, letters):
    hundredths = round(abs(degrees) * 6000)
    return f"{hundredths // 6000:0{digits}d}° {hundredths % 6000 / 100:05.2f}′ {letters[degrees < 0]}"


def frames(data):
    """Images of a GIF, block by block (GIF89a, appendix A)."""
    at = 13 + (3 * 2 ** ((data[10] & 7) + 1) if data[10] & 0x80 else 0)
    count = 0
    while data[at] != 0x3B:
        if data[at] == 0x2C:
            count += 1
            flags = data[at + 9]
            at += 11 + (3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0)
        else:
            at += 2
        while data[at]:
            at += 1 + data[at]
        at += 1
    return count


pdf = folder / "report.pdf"
words = " ".join(said("pdftotext", "-raw", str(pdf), "-").split())
about = dict(line.split(":", 1) for line in said("pdfinfo", str(pdf)).splitlines())

areas = {}
for level in (50, 90, 95):
    document = json.loads((folder / f"search_area_{level}.geojson").read_text(encoding="utf-8"))
    for feature in document["features"]:
        row = feature["properties"]
        areas[row["valid_time"], level] = row["area_km2"]
found, differing = 0, []
for feature in json.loads((folder / "centroid.geojson").read_text(encoding="utf-8"))["features"]:
    row = feature["properties"]
    if row["datum_kind"] != "mean":
        continue
    time = row["valid_time"]
    sizes = [f"{amount(areas[time, level] / NM2)} ({amount(areas[time, level])})" for level in (50, 90, 95)]
    place = f"{minutes(row['lat'], 2, 'NS')} {minutes(row['lon'], 3, 'EW')}"
    start = f"{time[:10]} {time[11:16]} "
    # Between them stand the hours since the start.
    after = [part.split(" h ", 1)[-1] for part in words.split(start)[1:]]
    if any(part.startswith(f"{place} {' '.join(sizes)}") for part in after):
        found += 1
    else:
        differing.append([start, place, sizes])

pictures = {}
for name in ("heatmap.png", "trajectories.png", "animation.gif"):
    dataset = gdal.Open(str(folder / name))
    bands = [dataset.GetRasterBand(number + 1).ReadAsArray() for number in range(min(3, dataset.RasterCount))]
    pixels = set(zip(*(band.ravel().tolist() for band in bands), strict=True))
    pictures[name] = {
        "driver": dataset.GetDriver().ShortName,
        "size": [dataset.RasterXSize, dataset.RasterYSize],
        "frames": frames((folder / name).read_bytes()) if name.endswith(".gif") else 1,
        "colours": len(pixels),
    }

print(
    json.dumps(
        {
            "pages": int(about["Pages"]),
            "title": about["Title"].strip(),
            "encrypted": about["Encrypted"].strip(),
            "rows": found,
            "differing": differing,
            "words": words,
            "pictures": pictures,
        }
    )
)
