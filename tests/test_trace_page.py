"""The page of a trace, clicked through in a browser without a screen."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree

import pytest

import harness
import trace_story

sys.path.insert(0, os.path.join(harness.ROOT, "tools"))

from trace_page import build  # noqa: E402

pytest.importorskip("selenium.webdriver",
                    reason="python3-selenium is not installed")
if not shutil.which("chromium") or not shutil.which("chromedriver"):
    pytest.skip("chromium and chromium-driver are not installed",
                allow_module_level=True)

from selenium.webdriver.common.action_chains import \
    ActionChains  # noqa: E402
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402

from trace_browser import Page, SECONDS, open_browser  # noqa: E402

MILLION = 1000000
SHARED_PAGE = "0x400000"


@pytest.fixture(name="browser", scope="module")
def fixture_browser():
    browser = open_browser()
    yield browser
    browser.quit()


@pytest.fixture(name="story", scope="module")
def fixture_story():
    return trace_story.cow_story()


@pytest.fixture(name="page", scope="module")
def fixture_page(browser, story, tmp_path_factory):
    path = str(tmp_path_factory.mktemp("page") / "index.html")
    build.build_page(story, path)
    return Page(browser, path)


def time_of(story, kind, number=0):
    """When the event `number` of a kind happened."""
    index = [k["name"] for k in story["kinds"]].index(kind)
    now, seen = 0, -1
    for wait, each in zip(story["events"]["time"], story["events"]["kind"]):
        now += wait
        seen += each == index
        if seen == number and each == index:
            return now
    raise LookupError(kind)


def sharers(page):
    """Who maps the frame of the chosen page, as the panel says it."""
    return [re.match(r"(.*?) at", item)[1]
            for item in page.texts("#sharers li")]


def test_opens_with_words_for_everything(page, story):
    assert page.browser.title == "Trace of cow"
    assert f"{len(story['events']['time'])} events" in page.text("summary")
    assert "2 CPUs, 3 processes" in page.text("summary")
    label = page.element("timeline-canvas").get_attribute("aria-label")
    assert re.search(r"timeline of 5 rows.*CPU 0 busy \d+ %", label)
    for tab in "timeline frames tree faults calls events".split():
        page.click("tab-" + tab)
        assert page.element("tab-" + tab).get_attribute(
            "aria-selected") == "true"
        assert page.element(tab).is_displayed()
        assert len(page.texts(f"#{tab} .hint")[0]) > 40
    unnamed = page.run("""
        return [...document.querySelectorAll('button, input, select, canvas')]
            .filter(e => !e.textContent.trim() && !e.labels?.length &&
                    !e.getAttribute('aria-label')).map(e => e.id)""")
    assert not unnamed
    page.check_quiet()


def test_zooms_and_moves(page, story):
    page.click("tab-timeline")
    whole = page.window()
    assert whole == (0, story["end"])
    page.click("zoom-in")
    start, end = page.window()
    assert end - start == whole[1] / 2
    page.keys(Keys.ARROW_RIGHT)
    assert page.window()[0] > start
    page.keys("+")
    assert page.window()[1] - page.window()[0] == whole[1] / 4
    before = page.window()
    canvas = page.element("timeline-canvas")
    ActionChains(page.browser).drag_and_drop_by_offset(
        canvas, 100, 0).perform()
    moved = page.window()
    assert moved[0] < before[0]
    assert abs((moved[1] - moved[0]) - (before[1] - before[0])) < 1
    page.keys("0")
    assert page.window() == whole
    page.click_at("overview", 300, 20)
    assert page.window() == whole
    ActionChains(page.browser).drag_and_drop_by_offset(
        page.element("overview"), 200, 0).perform()
    assert page.window()[1] - page.window()[0] < whole[1] / 4
    page.click("zoom-all")
    assert page.window() == whole


def test_copy_on_write_splits_a_page(page, story):
    """Dragging over the copy changes who shares the frame."""
    page.click("zoom-all")
    page.click("tab-frames")
    page.moment(time_of(story, "share") + 50)
    x = page.run("""
        const {columns, size} = hanu.views.find(v => v.id === 'frames').shown;
        return column_x(columns, size, 0) + size / 2;""")
    page.click_at("frames-canvas", x, 34 + 34 + 10)
    detail = page.text("detail")
    assert f"page {SHARED_PAGE} of cow (4)" in detail
    assert sharers(page) == ["cow (3)", "cow (4)"]
    assert "0x200" in detail and "read-only" in detail
    label = page.element("frames-canvas").get_attribute("aria-label")
    assert label == "2 processes; pages: 16 shared"

    page.moment(time_of(story, "cow_copy") + 50)
    assert sharers(page) == ["cow (4)"]
    detail = page.text("detail")
    assert "0x300" in detail and "writable" in detail
    assert re.search("shared by fork: frame 0x200", detail)
    assert re.search("copied on write: frame 0x300", detail)
    label = page.element("frames-canvas").get_attribute("aria-label")
    assert "2 of one process alone, 14 shared" in label
    assert page.run("const f = hanu.frames(); const s = hanu.at;"
                    "return [f.users(0x200, s), f.users(0x300, s)]") == [1, 1]

    page.moment(time_of(story, "share") + 50)
    assert sharers(page) == ["cow (3)", "cow (4)"]
    page.keys(Keys.ESCAPE)
    assert page.colours() > 8


def test_steps_from_change_to_change(page, story):
    page.click("tab-frames")
    page.moment(time_of(story, "share") + 50)
    page.click("only-cow")
    seen = []
    for _ in range(5):
        page.click("next-change")
        seen.append(page.text("change"))
    assert all("frame 0x30" in text for text in seen[:4])
    assert "frame 0x200" in seen[4]
    page.click("previous-change")
    assert page.text("change") == seen[3]
    page.click("only-cow")


def test_fork_tree_chooses_a_process(page):
    page.click("tab-tree")
    buttons = page.browser.find_elements(By.CSS_SELECTOR, "#tree-list button")
    assert [b.text for b in buttons] == ["1 init", "3 init → cow", "4 cow"]
    buttons[2].click()
    detail = page.text("detail")
    assert "process 4" in detail and "killed by signal 11" in detail
    assert "5" in re.search(r"faults\s+(\d+)", detail)[1]
    buttons[2].send_keys(Keys.ARROW_UP)
    assert page.run("return document.activeElement.textContent") == \
        "3  init → cow"
    page.settle()
    page.browser.find_element(By.XPATH, "//*[@id='detail']//button"
                              "[.='its events']").click()
    assert page.text("hits").endswith("events")
    page.run("hanu.search('')")


def test_arrow_tells_its_ends(page):
    page.click("zoom-all")
    page.click("tab-timeline")
    kinds = page.run("return hanu.drawn_arrows.map(a => "
                     "hanu.trace.flow_kinds[hanu.trace.flow.kind[a.flow]])")
    assert sorted(kinds) == ["fork", "fork", "pipe", "signal", "wait"]
    x, y = page.run("""
        const a = hanu.drawn_arrows.find(a => hanu.trace.flow_kinds[
            hanu.trace.flow.kind[a.flow]] === 'signal');
        return [(a.x1 + a.x2) / 2, (a.y1 + a.y2) / 2];""")
    page.click_at("timeline-canvas", x, y)
    detail = page.text("detail")
    assert "sends SIGUSR1 to cow (4)" in detail
    assert "SIGUSR1 arrives, handler 0x400123 runs" in detail
    page.click("arrows-signal")
    page.run("hanu.draw_now()")
    assert page.run("return hanu.drawn_arrows.length") == 4
    page.click("arrows-signal")


def test_search_finds_and_walks(page):
    box = page.element("query")
    box.clear()
    box.send_keys("cow_copy", Keys.ENTER)
    assert page.text("hits") == "4 events"
    first = page.run("return hanu.event")
    assert "hold frame 0x20" in page.text("detail")
    page.click("next-hit")
    assert page.run("return hanu.event") != first
    for _ in range(3):
        page.keys("n")
    assert page.run("return hanu.event") == first
    for query, hits in (("pid:4 kind:fault", 5), ("frame:301", 3),
                        ("SIGUSR1", 2), ("syscall:fork", 2), ("pipe_", 2),
                        ("page:0x402000 kind:map", 2), ("nothing-such", 0)):
        page.run("hanu.search(arguments[0])", query)
        assert page.text("hits").startswith(f"{hits} event"), query
    page.run("hanu.search('pipe')")
    page.click("tab-events")
    assert page.texts(".event span:nth-child(4)") == ["pipe_write",
                                                      "pipe_read"]
    page.click_on(".event", 1)
    assert "reads 6 bytes from pipe" in page.text("detail")
    page.run("hanu.search('')")


def test_faults_and_calls_are_counted(page):
    page.click("zoom-all")
    page.click("tab-faults")
    table = page.texts("#faults-table tr")
    assert table[0].startswith("process first touch: new page of zeroes copy")
    assert table[1:] == ["cow (3) 8 0 1 0 9", "cow (4) 0 4 0 1 5",
                         "all 8 4 1 1 14"]
    label = page.element("faults-canvas").get_attribute("aria-label")
    assert "4 copy on write: copied" in label
    assert page.colours() > 4
    page.click("tab-calls")
    page.click("sort-count")
    assert page.texts("#calls-table tr")[1].startswith("fork 1 0 ")
    page.check_quiet()


def test_keyboard_is_enough(page):
    """Without a mouse: views, rows, pages and events."""
    page.keys("1")
    page.element("timeline-scroll").send_keys(Keys.ARROW_DOWN * 4)
    assert "init (3)" in page.text("detail")
    page.keys("2")
    page.moment(page.run("return hanu.first_moment()"))
    page.element("frames-scroll").send_keys(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT,
                                            Keys.ARROW_DOWN)
    assert "page 0x401000 of cow (4)" in page.text("detail")
    page.keys("6", ".", ".")
    assert page.run("return hanu.tab") == "events"
    assert page.browser.find_elements(By.CSS_SELECTOR,
                                      ".event[aria-selected=true]")


def test_hostile_names_stay_text(browser, tmp_path):
    story = trace_story.cow_story(trace_story.HOSTILE)
    story["kinds"][0]["name"] += "</script>"
    story["enums"]["syscalls"]["57"] = "<img src=x onerror=alert(1)>"
    path = str(tmp_path / "index.html")
    build.build_page(story, path)
    page = Page(browser, path)
    assert page.browser.title.startswith("Trace of </script><script>docu")
    assert page.browser.title.endswith(
        "\"'`&amp;\\x00\\x1b[2J\\x0d\\x0a\\u2028\\u202e\\xff")
    for tab in "timeline frames tree faults calls events".split():
        page.click("tab-" + tab)
    page.run("for (let i = 0; i < hanu.trace.count; i++) {"
             " hanu.choose({event: i}); hanu.draw_now(); }")
    assert not browser.find_elements(By.TAG_NAME, "img")
    assert len(browser.find_elements(By.TAG_NAME, "script")) == 2
    for view in ("timeline", "frames", "tree", "faults"):
        text = page.run("return view_svg(hanu, arguments[0])", view)
        xml.etree.ElementTree.fromstring(text)
    page.check_quiet()


def test_narrow_dark_window(browser, story, tmp_path):
    path = str(tmp_path / "index.html")
    build.build_page(story, path)
    width = browser.execute_script("return window.innerWidth")
    browser.set_window_size(420, 900)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [
        {"name": "prefers-color-scheme", "value": "dark"}]})
    page = Page(browser, path)
    try:
        page.until("return window.innerWidth < arguments[0]", width)
        assert page.run("return document.documentElement.scrollWidth <= "
                        "window.innerWidth")
        assert page.run("return theme.back") != "#ffffff"
        assert page.element("detail").is_displayed()
        for tab in ("frames", "tree", "faults", "calls", "events"):
            page.click("tab-" + tab)
            assert page.run("return document.documentElement.scrollWidth <= "
                            "window.innerWidth"), tab
    finally:
        browser.set_window_size(1280, 943)
        page.until("return window.innerWidth === arguments[0]", width)
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia",
                                {"features": []})


def test_picture_shows_something_and_is_saved(browser, tmp_path, story):
    path = str(tmp_path / "index.html")
    build.build_page(story, path)
    page = Page(browser, path)
    page.run("hanu.draw_now()")
    browser.execute_cdp_cmd("Page.setDownloadBehavior", {
        "behavior": "allow", "downloadPath": str(tmp_path)})
    page.click("save-svg")
    end = time.monotonic() + SECONDS
    while not (tmp_path / "timeline.svg").exists():
        assert time.monotonic() < end
        time.sleep(.05)
    assert page.colours() > 12
    assert len(browser.get_screenshot_as_png()) > 20000


def test_million_events_are_quick(browser, tmp_path):
    """A redraw draws as many things as there are pixels, not events."""
    path = str(tmp_path / "index.html")
    build.build_page(trace_story.long_story(MILLION), path)
    assert os.path.getsize(path) < 12 << 20
    page = Page(browser, path)
    assert page.run("return hanu.trace.count") >= MILLION
    width, rows = page.run(
        "const c = document.getElementById('timeline-canvas');"
        "return [c.clientWidth, hanu.model.rows.length]")
    work = {}
    for zoom in (1, .1, .001):
        page.run("hanu.set_window(1e6, 1e6 + arguments[0] * hanu.trace.end);"
                 "hanu.draw_now()", zoom)
        work[zoom] = page.run("return hanu.operations")
    assert max(work.values()) < 6 * width * min(rows, 20)
    assert page.run("return hanu.drawn_arrows.length") <= 2 * 400
    for tab in ("frames", "faults", "calls", "events", "tree"):
        page.click("tab-" + tab)
        page.run("hanu.draw_now()")
        assert page.run("return hanu.operations") < 12 * width, tab
    page.run("hanu.search('pid:5 cow_copy')")
    assert int(page.text("hits").split()[0]) > 1000
    page.click("tab-events")
    page.run("hanu.go_to(hanu.hits[hanu.hits.length - 1]); hanu.draw_now()")
    assert 5 < len(page.texts(".event")) < 60
    assert len(page.texts(".event[aria-selected=true]")) == 1
    page.check_quiet()


def test_page_in_swap_is_told(browser, tmp_path):
    """Out to slot 7, back in another frame; PROT_NONE keeps the frame."""
    s = trace_story.Story("swapped")
    s.process(1, 0, "init", 1)
    s.process(2, 1, "swapped", 2, 1)
    s.touch(100, 0, 2, 2, 0x400000, 0x200)
    s.event(100, 0, 2, "map", 2, 0x400000, 7, 16)
    s.event(100, 0, 2, "map", 2, 0x400000, 0x300, 3)
    s.event(100, 0, 2, "protect", 2, 0x400000, 0x401000, 0)
    s.event(100, 0, 2, "move", 2, 0x400000, 0x401000, 0x900000)
    s.event(100, 0, 2, "unmap", 2, 0x900000, 0x901000)
    path = str(tmp_path / "index.html")
    build.build_page(s.data, path)
    page = Page(browser, path)
    page.click("tab-frames")
    for moment, text in ((150, "1 of one process alone"), (250, "1 in swap"),
                         (350, "1 of one process alone")):
        page.moment(moment)
        assert page.element("frames-canvas").get_attribute(
            "aria-label") == "1 processes; pages: " + text
    page.run("hanu.choose({cell: {page: 0x400, process: "
             "hanu.model.processes[1]}}); hanu.draw_now()")
    words = page.text("detail")
    assert re.search("frame 0x200, writable(.|\n)*slot 0x7, in swap(.|\n)*"
                     "frame 0x300, writable(.|\n)*0x300, no access", words)
    page.run("hanu.choose({cell: {page: 0x900, process: "
             "hanu.model.processes[1]}, at: 550}); hanu.draw_now()")
    assert "moved here: frame 0x300" in page.text("detail")
    page.moment(620)
    assert "not mapped at this moment" in page.text("detail")


REPLAY = """
    const frames = hanu.frames(), trace = hanu.trace;
    const found = {copies: 0, reused: 0, wrong: [], differ: 0, split: 0};
    for (let i = 0; i < trace.count; i++) {
        const name = trace.kinds[trace.kind[i]].name;
        if (name !== 'cow_copy' && name !== 'cow_reuse')
            continue;
        const a = event_args(trace, i), page = Math.floor(a.address / 4096);
        const before = trace.time[i] - .1, {cell, frame} = frames.interval;
        if (name === 'cow_reuse') {
            found.reused++;
            found.differ += frames.users(a.frame, before) !== 1;
            continue;
        }
        found.copies++;
        const at = frames.find(a.space, page, before);
        if (at < 0)
            continue;
        found.differ += frames.users(a.from, before) !== a.holders;
        if (frame.values[at] !== a.from)
            found.wrong.push(event_text(hanu.model, i));
        const list = frames.by_cell.list(cell.values[at]);
        found.split += frame.values[list[list.indexOf(at) + 1]] === a.to;
    }
    return found;"""


def test_real_trace_agrees_with_the_kernel(browser, tmp_path):
    """What the page says of frames is what the kernel counted: user/cow
    writes to 2,048 shared pages, and takes as many back. (The counts may differ
    when two CPUs write to a page at once: the kernel counts before it copies.)
    """
    out = tmp_path / "trace"
    subprocess.run([os.path.join(harness.ROOT, "tools", "trace"), "--out",
                    str(out), "cow"], check=True, timeout=SECONDS,
                   stdout=subprocess.DEVNULL)
    page = Page(browser, str(out / "index.html"))
    assert "LOST" not in page.text("summary")
    start, end = page.window()
    assert 0 < start < end <= page.run("return hanu.trace.end")
    found = page.run(REPLAY)
    assert not found["wrong"]
    assert 2048 <= found["split"] <= found["copies"] < 2300
    assert 2048 <= found["reused"] < 2300
    assert found["differ"] < 20
    assert page.run("return hanu.model.process_faults("
                    "hanu.model.by_pid.get(3)[0], 4).length") >= 2048
    page.click("tab-frames")
    label = page.element("frames-canvas").get_attribute("aria-label")
    assert re.search(r"2 processes; .*\d+ shared", label)
    assert page.run("return hanu.drawn_arrows.length") >= 8
    page.check_quiet()


def test_page_without_events(browser, tmp_path):
    path = str(tmp_path / "index.html")
    story = trace_story.Story("nothing").data
    story["lost"] = [1000, 234]
    build.build_page(story, path)
    page = Page(browser, path)
    assert page.text("summary").startswith("0 events in 1 ns, 2 CPUs")
    assert "1,234 events were lost" in page.text("summary")
    for tab in ("frames", "tree", "faults", "calls", "events"):
        page.click("tab-" + tab)
    page.keys(".", "+", "n")
    page.check_quiet()


def test_figures_for_documents(story, tmp_path):
    events = tmp_path / "events.json"
    events.write_text(json.dumps(story))
    out = tmp_path / "figure.svg"
    command = [os.path.join(harness.ROOT, "tools", "trace-page"),
               str(events), "-o", str(out), "--svg"]
    subprocess.run(command + ["frames,pid=3,at=12000"], check=True,
                   timeout=SECONDS)
    root = xml.etree.ElementTree.parse(out).getroot()
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert "cow" in "".join(root.itertext())
    assert "300" in "".join(root.itertext())
    done = subprocess.run(command + ["nonsense"], capture_output=True,
                          timeout=SECONDS, check=False)
    assert done.returncode == 1
    assert done.stderr == b"trace-page: the page has no picture 'nonsense'\n"


@pytest.mark.parametrize("change, message", [
    ({"format": "other"}, "this is no file of format 'hanu-trace 1'"),
    ({"kinds": []}, "an event of a kind that is not listed"),
    ({"cpus": 1}, "an event of a CPU that is not there"),
    ({"events": {"time": [1], "cpu": [], "tid": [], "kind": [],
                 "args": []}}, "columns of events differ in length"),
    ({"flows": {"kind": [0], "from": [0], "to": [10 ** 6]}},
     "an arrow from or to no event"),
    ({"processes": None}, "malformed"),
])
def test_bad_data_is_refused(story, change, message):
    with pytest.raises(build.BadData, match=re.escape(message)):
        build.page_text({**story, **change})


def test_command_line_says_what_is_wrong(tmp_path):
    path = tmp_path / "bad.json"
    for text in ("", "[]", "{}", "\x00"):
        path.write_text(text)
        done = subprocess.run(
            [os.path.join(harness.ROOT, "tools", "trace-page"), str(path),
             "-o", str(tmp_path / "x")], capture_output=True, text=True,
            timeout=SECONDS, check=False)
        assert done.returncode == 1
        assert done.stderr.startswith("trace-page: ")
        assert done.stderr.count("\n") == 1
