"""A page in a browser without a screen, and what a reader does with it."""

import json
import shutil
import time

from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By

SECONDS = 600         # against hanging only


def open_browser():
    """Chromium without a screen, its log of everything it loads on."""
    options = webdriver.ChromeOptions()
    for word in ("--headless=new", "--no-sandbox", "--disable-gpu",
                 "--disable-gpu-sandbox", "--window-size=1280,943",
                 "--hide-scrollbars", "--force-device-scale-factor=1"):
        options.add_argument(word)
    options.set_capability("goog:loggingPrefs",
                           {"browser": "ALL", "performance": "ALL"})
    browser = start(options)
    browser.set_page_load_timeout(SECONDS)
    browser.set_script_timeout(SECONDS)
    return browser


def start(options, tries=3):
    """Chromium; its driver gives up on it after a minute."""
    try:
        return webdriver.Chrome(options=options,
                                service=Service(shutil.which("chromedriver")))
    except WebDriverException:
        if tries == 1:
            raise
    return start(options, tries - 1)


class Page:
    """An open page, and what a reader does with it."""

    def __init__(self, browser, path):
        self.browser = browser
        browser.get_log("performance")
        browser.get_log("browser")
        browser.get("file://" + path)
        self.until("return Boolean(window.hanu)")

    def until(self, script, *arguments):
        """Wait until a piece of JavaScript returns true."""
        end = time.monotonic() + SECONDS
        while not self.run(script, *arguments):
            assert time.monotonic() < end, self.text("message")
            time.sleep(.02)

    def run(self, script, *arguments):
        """What a piece of JavaScript returns."""
        return self.browser.execute_script(script, *arguments)

    def element(self, name):
        """The element of this id."""
        return self.browser.find_element(By.ID, name)

    def settle(self):
        """Wait until what was asked for is drawn, which replaces elements:
        a list that was scrolled asks for it when the next frame begins.
        What a reader does here ends with this."""
        self.browser.execute_async_script("""
            const done = arguments[0];
            requestAnimationFrame(() => requestAnimationFrame(done));""")

    def texts(self, selector):
        """The words of each element, read in one go: none is replaced."""
        self.settle()
        return self.run("""
            return [...document.querySelectorAll(arguments[0])].map(
                e => e.innerText.trim().replace(/\\s+/g, ' '));""", selector)

    def text(self, name):
        """The words of the element of this id."""
        return self.texts("#" + name)[0]

    def click_on(self, selector, number=0):
        """Click at one of the elements that come and go."""
        self.settle()
        self.browser.find_elements(By.CSS_SELECTOR, selector)[number].click()
        self.settle()

    def click(self, name):
        """Click at the element of this id."""
        self.element(name).click()
        self.settle()

    def click_at(self, name, x, y):
        """Click at a point of a canvas, from its left upper corner."""
        canvas = self.element(name)
        size = canvas.size
        ActionChains(self.browser).move_to_element_with_offset(
            canvas, round(x - size["width"] / 2),
            round(y - size["height"] / 2)).click().perform()
        self.settle()

    def keys(self, *keys):
        """Keys that are not for an input field."""
        self.run("document.activeElement.blur()")
        ActionChains(self.browser).send_keys(*keys).perform()
        self.settle()

    def window(self):
        """(start, end) of the time that is shown."""
        self.settle()
        return tuple(self.run("return [hanu.start, hanu.end]"))

    def moment(self, t):
        """Drag the slider to a time, as input events come from it."""
        self.run("""
            const slider = document.getElementById('slider');
            slider.value = 10000 * (arguments[0] - hanu.start) /
                           (hanu.end - hanu.start);
            slider.dispatchEvent(new Event('input'));
            hanu.draw_now();""", t)

    def colours(self):
        """How many colours a picture of the page has."""
        return self.run("""
            const canvas = document.querySelector(
                '[role=tabpanel]:not([hidden]) canvas');
            const data = canvas.getContext('2d').getImageData(
                0, 0, canvas.width, canvas.height).data;
            return new Set(new Uint32Array(data.buffer)).size;""")

    def check_quiet(self):
        """No message of the browser, nothing loaded but the page itself."""
        assert not self.browser.get_log("browser")
        loaded = set()
        for entry in self.browser.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                loaded.add(message["params"]["request"]["url"])
        strange = {url for url in loaded
                   if not url.startswith(("file:///", "data:,", "blob:"))}
        assert not strange
        assert len([u for u in loaded if u.startswith("file:")]) <= 1
