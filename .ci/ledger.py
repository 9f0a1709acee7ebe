"""A firm's ledger of 200 rows, built and read by libraries that mamori does not use: imported, ranked, treated,
frozen, exported, read back, and opened in LibreOffice where that is installed.

    ledger.py API TOKEN FOLDER

Needs openpyxl. Prints what it finds, and fails where something is not as it should be.
"""

import csv
import datetime
import io
import json
import pathlib
import random
import shutil
import subprocess
import sys
import urllib.request

import openpyxl
from openpyxl.styles import Alignment, Border, Font, Side

api, token, folder = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def call(method, path, body=None, kind="application/json"):
    """One call that must go well."""
    if body is not None and not isinstance(body, bytes):
        body = json.dumps(body).encode()
    headers = {"authorization": f"Bearer {token}", "accept-language": "ja"}
    if body is not None:
        headers["content-type"] = kind
    request = urllib.request.Request(api + path, data=body, headers=headers, method=method)
    try:
        with urllib.request.urlopen(request) as answer:
            content = answer.read()
            return json.loads(content) if "json" in answer.headers["content-type"] else content
    except urllib.error.HTTPError as error:
        sys.exit(f"{method} {path}: {error.code} {error.read().decode()}")


def same(what, found, expected):
    if found != expected:
        sys.exit(f"{what}: {found!r}, not {expected!r}")
    print(f"{what}: {found}")


# --- the ledger, as people keep it -----------------------------------------------------------
chance = random.Random(20260401)
BUSINESS = {
    "人事": ["社員名簿", "給与明細", "マイナンバー台帳", "健康診断結果", "履歴書", "雇用契約書", "勤怠記録"],
    "経理": ["請求書控え", "仕入先台帳", "決算書", "銀行口座一覧", "経費精算書", "固定資産台帳"],
    "営業": ["得意先名簿", "見積書控え", "契約書", "名刺", "商談記録", "価格表", "提案書"],
    "製造": ["製品図面", "試作データ", "検査成績書", "工程表", "金型データ", "不具合記録"],
    "総務": ["取締役会議事録", "就業規則", "入退室記録", "保険証券", "賃貸借契約書"],
}
OFFICES = ["本社", "大阪営業所", "名古屋工場", "福岡支店", "仙台出張所", "札幌出張所", "広島営業所"]
MEDIA = ["書類", "可搬電子媒体", "事務所PC", "モバイル機器", "社内サーバー", "社外サーバー"]
DATES = ["令和7年3月1日", "R6.12.20", "2025.3.1", "2024/11/05", "H31.4.30", datetime.date(2025, 4, 1)]

things = [(business, f"{name}（{office}）", medium)
          for business, names in BUSINESS.items() for name in names for office in OFFICES for medium in MEDIA]
chance.shuffle(things)
rows = []
for business, name, medium in sorted(things[:200], key=lambda thing: (thing[0], thing[1])):
    personal = business == "人事" or "名簿" in name or "名刺" in name
    rated = [chance.choice([1, 2, 3]) for _ in range(3)]
    rows.append({
        "業務分類": business, "情報資産名称": name, "備考": "原本は金庫" if chance.random() < 0.2 else None,
        "利用者範囲": f"{business}部", "管理部署": f"{business}部", "媒体・保存先": medium,
        "個人情報": "有" if personal else None,
        "要配慮個人情報": "○" if "健康診断" in name else None,
        "特定個人情報": "有" if "マイナンバー" in name else None,
        "機密性": rated[0], "完全性": "０１２３"[rated[1]], "可用性": ["", "低", "中", "高"][rated[2]],
        "重要度": 3 if personal else max(rated), "保存期限": chance.choice(["7年", "永年", "退職後3年", None]),
        "登録日": chance.choice(DATES),
    })

book = openpyxl.Workbook()
book.active.title = "利用方法"
book.active["A1"] = "このシートの使い方"
example = book.create_sheet("台帳記入例")
sheet = book.create_sheet("情報資産管理台帳")
for page in (example, sheet):
    page["A1"] = "情報資産管理台帳"
    page["A1"].font = Font(bold=True, size=14)
    page.merge_cells("A1:O1")
    page.merge_cells("G3:I3")
    page["G3"] = "個人情報の種類"
    page.merge_cells("J3:L3")
    page["J3"] = "評価値"
    for column, heading in enumerate(rows[0], 1):
        inner = 7 <= column <= 12
        cell = page.cell(4 if inner else 3, column, {"機密性": "機 密 性", "業務分類": "業務\n分類"}.get(heading, heading))
        cell.alignment = Alignment(wrap_text=True, horizontal="center")
        cell.border = Border(*[Side(style="thin")] * 4)
        if not inner:
            page.merge_cells(start_row=3, end_row=4, start_column=column, end_column=column)
example.append(["人事", "記入例の名簿", None, "人事部", "人事部", "書類", "有", None, None, 3, 1, 1, 3, "7年", "2020/1/1"])
for number, row in enumerate(rows, 5):
    for column, value in enumerate(row.values(), 1):
        sheet.cell(number, column, value)
# The same business in several rows is one cell, as people like it.
first = 5
for number in range(6, len(rows) + 6):
    if number == len(rows) + 5 or rows[number - 5]["業務分類"] != rows[first - 5]["業務分類"]:
        if number - first > 1:
            sheet.merge_cells(start_row=first, end_row=number - 1, start_column=1, end_column=1)
        first = number
book.save(folder / "ledger.xlsx")

# --- import ------------------------------------------------------------------------------------
organization = call("POST", "/v1/organizations", {"name": "株式会社みほん製作所"})["id"]
path = f"/v1/organizations/{organization}"
call("PUT", f"{path}/risk-register", {"edition": "4.0"})
file = (folder / "ledger.xlsx").read_bytes()
read = call("POST", f"{path}/asset-imports", file, XLSX)
same("read", read["counts"], {"create": 200, "update": 0, "unchanged": 0, "refused": 0})
same("the example is not read", "台帳記入例" in read["sheets_not_read"], True)
page = call("GET", f"/v1/asset-imports/{read['id']}/rows?limit=200")
same("rows whose importance differs", [row["row"] for row in page["items"] if row["disagreements"]], [])
same("applied", call("POST", f"/v1/asset-imports/{read['id']}/apply", {})["state"], "applied")
again = call("POST", f"{path}/asset-imports", file, XLSX)
same("the same file again", again["counts"], {"create": 0, "update": 0, "unchanged": 200, "refused": 0})

# --- ranked, treated, frozen -------------------------------------------------------------------
risks = call("GET", f"{path}/risks?limit=200")["items"]
values = [risk["risk"]["value"] if "risk" in risk else risk["value"] for risk in risks]
same("ranked, the highest first", values == sorted(values, reverse=True) and len(values), 200)
worst = risks[0]["asset"]["id"]
plan = {"treatment": "reduce", "title": "鍵のかかる書庫へ移す", "owner": "総務部長", "due_on": "2027-03-31"}
same("treated", call("POST", f"/v1/assets/{worst}/treatments", plan)["treatment"], "reduce")
same("frozen", call("POST", f"{path}/risk-snapshots", {"label": "取り込み直後"})["count"], 200)

# --- export, read by others -----------------------------------------------------------------------
exported = call("GET", f"{path}/asset-export?format=xlsx")
(folder / "export.xlsx").write_bytes(exported)
back = openpyxl.load_workbook(io.BytesIO(exported))["情報資産管理台帳"]
found = sorted((line[1].value, line[5].value, line[0].value) for line in back.iter_rows(min_row=5))
wanted = sorted((row["情報資産名称"], row["媒体・保存先"], row["業務分類"]) for row in rows)
same("openpyxl reads the export as the same assets", found == wanted and len(found), 200)
for format, kind in (("xlsx", XLSX), ("csv", "text/csv"), ("csv-shift_jis", "text/csv"), ("json", "application/json")):
    sent = call("GET", f"{path}/asset-export?format={format}")
    sent = sent if isinstance(sent, bytes) else json.dumps(sent).encode()
    counts = call("POST", f"{path}/asset-imports", sent, kind)["counts"]
    same(f"the export as {format}, imported", counts, {"create": 0, "update": 0, "unchanged": 200, "refused": 0})

office = shutil.which("soffice")
if office is None:
    print("LibreOffice is not installed here: the export was not opened in it")
else:
    asked = [office, "--headless", f"-env:UserInstallation=file://{folder}/office", "--convert-to",
             "csv:Text - txt - csv (StarCalc):44,34,76,1", "--outdir", str(folder), str(folder / "export.xlsx")]
    done = subprocess.run(asked, capture_output=True, text=True, timeout=120, check=True)
    # That there is no Java has nothing to do with the file.
    said = [line for line in done.stderr.splitlines() if "javaldx" not in line]
    complaints = [line for line in said if "warn" in line.lower() or "error" in line.lower()]
    same("LibreOffice's complaints", complaints, [])
    with open(folder / "export.csv", encoding="utf-8", newline="") as text:
        lines = list(csv.reader(text))[4:]
    same("LibreOffice reads the export as the same assets", sorted((l[1], l[5], l[0]) for l in lines) == wanted, True)
