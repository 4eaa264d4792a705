"""Looks at a page in headless Chromium, at two widths, light and dark.

    look.py AXE.min.js DIRECTORY URL [NAME]

Writes NAME-WIDTH-SCHEME.png into the directory, and on standard output a line for each thing that axe finds. What differs
from run to run (numbers, keys, dates) is made the same in the page before it is pictured. chromedriver speaks WebDriver,
which is JSON over HTTP: nothing but Python's own library is needed.
"""
import base64, json, os, subprocess, sys, tempfile, urllib.error, urllib.request

axe, directory, address, name = (sys.argv + ["page"])[1:5]
WIDTHS, SCHEMES = (390, 1280), ("light", "dark")

# The same fonts on every machine: DejaVu's.
FONTS = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>
<dir>/usr/share/fonts/truetype/dejavu</dir><cachedir>PLACE/fonts</cachedir>
<match target="pattern"><edit name="family" mode="append_last"><string>DejaVu Sans</string></edit></match>
<alias><family>system-ui</family><prefer><family>DejaVu Sans</family></prefer></alias>
<alias><family>sans</family><prefer><family>DejaVu Sans</family></prefer></alias>
<alias><family>sans-serif</family><prefer><family>DejaVu Sans</family></prefer></alias>
<alias><family>monospace</family><prefer><family>DejaVu Sans Mono</family></prefer></alias>
</fontconfig>"""

# Letters and digits of keys and digests, then all other digits; the text stays as long as it was.
SAME = """
const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (texts.nextNode()) texts.currentNode.nodeValue = texts.currentNode.nodeValue
    .replace(/RW[A-Za-z0-9+\\/]{54}/g, "RW" + "A".repeat(54))
    .replace(/sha256\\/\\/[A-Za-z0-9+\\/=]{44}/g, "sha256//" + "A".repeat(44))
    .replace(/\\b[0-9a-f]{64}\\b/g, "0".repeat(64))
    .replace(/\\b[0-9A-F]{16}\\b/g, "0".repeat(16))
    .replace(/:[0-9]{4,5}\\b/g, ":00000")
    .replace(/[0-9]/g, "0");
"""


def main():
    with tempfile.TemporaryDirectory() as place:
        with open(f"{place}/fonts.conf", "w") as file: file.write(FONTS.replace("PLACE", place))
        driver = subprocess.Popen(
            ["chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            env=os.environ | {"FONTCONFIG_FILE": f"{place}/fonts.conf"},
        )
        try:
            port = None
            for line in driver.stdout:
                if "successfully on port " in line:
                    port = int(line.rsplit("on port ", 1)[1].strip().rstrip("."))
                    break
            if port is None: sys.exit("chromedriver does not start")
            look(f"http://127.0.0.1:{port}/session", place)
        finally:
            driver.terminate()
            driver.wait()


def look(sessions, place):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def ask(url, body=None, method="POST"):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
        try:
            with opener.open(request) as answer: return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            sys.exit(f"{url}: {error.read().decode()[:2000]}")

    arguments = [
        "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
        "--force-device-scale-factor=1", "--font-render-hinting=none", "--disable-lcd-text", "--no-proxy-server",
        f"--user-data-dir={place}",
    ]
    wanted = {"acceptInsecureCerts": True, "goog:chromeOptions": {"args": arguments}}
    session = f'{sessions}/{ask(sessions, {"capabilities": {"alwaysMatch": wanted}})["sessionId"]}'

    def browser(command, **parameters):
        return ask(f"{session}/goog/cdp/execute", {"cmd": command, "params": parameters})

    def script(text): return ask(f"{session}/execute/async", {"script": text, "args": []})

    try:
        for width in WIDTHS:
            browser("Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=False)
            for scheme in SCHEMES:
                feature = {"name": "prefers-color-scheme", "value": scheme}
                browser("Emulation.setEmulatedMedia", features=[feature])
                ask(f"{session}/url", {"url": address})
                # What is folded up is looked at too.
                script("for (const one of document.querySelectorAll('details')) one.open = true; arguments[0](0);")
                with open(axe) as file: source = file.read()
                found = script(source + "; axe.run().then(r => arguments[0](r), e => arguments[0](String(e)));")
                if isinstance(found, str): sys.exit(found)
                for violation in found["violations"]:
                    for node in violation["nodes"]:
                        print(f'{width} {scheme}: {violation["id"]}: {node["html"][:120]}: {node["failureSummary"]}')
                wide = script("arguments[0](document.documentElement.scrollWidth);")
                if wide > width: print(f"{width} {scheme}: the page is {wide} pixels wide")
                script(SAME + "arguments[0](0);")
                height = script("arguments[0](document.documentElement.scrollHeight);")
                clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
                picture = browser("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)["data"]
                with open(f"{directory}/{name}-{width}-{scheme}.png", "wb") as file:
                    file.write(base64.b64decode(picture))
    finally:
        ask(session, method="DELETE")


main()
