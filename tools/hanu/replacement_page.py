"""Page replacement as pictures: curves as SVG, all of it as one HTML file that
needs nothing else."""

from html import escape

from .replacement_text import findings, summary

COLOURS = ("#1b6ca8", "#c8553d", "#2e8b57", "#8a5aa8", "#b8860b", "#444444",
           "#d16ba5", "#3aa6a6", "#7a8c2f")
WIDE, HIGH = 720, 400
LEFT, RIGHT, TOP, BOTTOM = 64, 110, 34, 48
MOST_STEPS, MOST_TABLES = 200, 60

STYLE = """
body { font: 15px/1.45 sans-serif; margin: 2em auto; max-width: 62em;
       padding: 0 1em; color: #222; background: #fff }
table { border-collapse: collapse; margin: .6em 0 1.4em }
td, th { border: 1px solid #bbb; padding: .15em .5em; text-align: center;
         min-width: 1.1em; font-weight: normal }
th { background: #f3f3f3; text-align: left }
tr.string td { background: #f3f3f3; font-weight: bold }
td.new { background: #f7d9d0; font-weight: bold }
td.hit { background: #d9efdd }
td.anomaly { background: #f7d9d0; font-weight: bold }
td.hand { box-shadow: inset 3px 0 #1b6ca8 }
.scroll { overflow-x: auto } sup { color: #1b6ca8 } svg { max-width: 100% }
"""


def _ticks(most, wanted=6):
    """Round numbers from 0 to at least `most`."""
    step = next(base * 10 ** power for power in range(20)
                for base in (1, 2, 5) if most <= base * 10 ** power * wanted)
    return list(range(0, -(-int(most) // step) * step + 1, step))


class Chart:
    """A frame with two axes, onto which lines are drawn."""

    def __init__(self, title, x_name, y_name, x_range, y_most):
        self.x_first, x_last = x_range
        self.x_span = max(1, x_last - self.x_first)
        y_ticks = _ticks(max(1, y_most))
        self.y_span = y_ticks[-1]
        self.parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDE}" '
            f'height="{HIGH}" viewBox="0 0 {WIDE} {HIGH}" '
            'font-family="sans-serif" font-size="12">',
            f'<title>{escape(title)}</title>',
            f'<rect width="{WIDE}" height="{HIGH}" fill="#fff"/>',
            self._text(LEFT, 20, title, "start", ' font-weight="bold"')]
        bottom = HIGH - BOTTOM
        for y in y_ticks:
            at = self.y(y)
            self.parts.append(
                f'<path d="M{LEFT} {at}H{WIDE - RIGHT}" stroke="#ddd"/>')
            self.parts.append(self._text(LEFT - 6, at + 4, y, "end"))
        for x in (x for x in _ticks(x_last, 12) if
                  self.x_first <= x <= x_last):
            self.parts.append(f'<path d="M{self.x(x)} {bottom}v5" '
                              'stroke="#444"/>')
            self.parts.append(self._text(self.x(x), bottom + 18, x, "middle"))
        self.parts.append(f'<path d="M{LEFT} {TOP}V{bottom}H{WIDE - RIGHT}" '
                          'fill="none" stroke="#444"/>')
        self.parts.append(self._text((LEFT + WIDE - RIGHT) / 2, HIGH - 10,
                                     x_name, "middle"))
        self.parts.append(self._text(
            0, 0, y_name, "middle",
            f' transform="translate(16 {(TOP + bottom) / 2}) rotate(-90)"'))

    @staticmethod
    def _text(x, y, text, anchor, more=""):
        return (f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}"{more}>'
                f'{escape(str(text))}</text>')

    def x(self, value):
        """Where a value of x is drawn."""
        share = (value - self.x_first) / self.x_span
        return round(LEFT + share * (WIDE - LEFT - RIGHT), 1)

    def y(self, value):
        """Where a value of y is drawn."""
        return round(HIGH - BOTTOM - value / self.y_span
                     * (HIGH - TOP - BOTTOM), 1)

    def line(self, number, name, points, dots=True):
        """One curve with its entry in the legend."""
        colour = COLOURS[number % len(COLOURS)]
        path = " ".join(f"{self.x(x)},{self.y(y)}" for x, y in points)
        self.parts.append(f'<polyline points="{path}" fill="none" '
                          f'stroke="{colour}" stroke-width="1.6"/>')
        for x, y in points if dots else ():
            self.parts.append(f'<circle cx="{self.x(x)}" cy="{self.y(y)}" '
                              f'r="2.5" fill="{colour}"/>')
        at = TOP + 8 + 18 * number
        edge = WIDE - RIGHT + 12
        self.parts.append(f'<path d="M{edge} {at}h18" stroke="{colour}" '
                          'stroke-width="3"/>')
        self.parts.append(self._text(edge + 24, at + 4, name, "start"))

    def ring(self, x, y):
        """A ring round a remarkable point."""
        self.parts.append(f'<circle cx="{self.x(x)}" cy="{self.y(y)}" r="7" '
                          'fill="none" stroke="#d00" stroke-width="2"/>')

    def svg(self):
        """The whole picture."""
        return "\n".join(self.parts + ["</svg>\n"])


def curves(results):
    """Faults against frames; rings where more frames mean more faults."""
    counts = results.frames()
    most = max(run.faults for run in results.runs)
    chart = Chart(f"Page faults of {results.length} references to "
                  f"{results.pages} pages", "frames", "faults",
                  (counts[0], counts[-1]), most)
    for number, policy in enumerate(results.policies()):
        chart.line(number, policy,
                   [(count, results.run(policy, count).faults)
                    for count in counts], len(counts) <= 60)
    for _, _, _, many, more in results.anomalies():
        chart.ring(many, more)
    return chart.svg()


def working_set(results, window):
    """The size of the working set over time."""
    points = results.working_set
    chart = Chart(f"Working set: pages in the last {window} references",
                  "references", "pages", (0, results.length),
                  max(point[3] for point in points))
    if len(points) < results.length:
        chart.line(1, "most", [(p[0], p[3]) for p in points], False)
        chart.line(2, "least", [(p[0], p[2]) for p in points], False)
        chart.line(0, "mean", [(p[0], p[1]) for p in points], False)
    else:
        chart.line(0, "size", [(p[0], p[3]) for p in points], False)
    return chart.svg()


def _row(title, cells, kind=""):
    """One line of a table; cells are (class, HTML)."""
    inside = "".join(f'<td class="{name}">{text}</td>' if name else
                     f"<td>{text}</td>" for name, text in cells)
    attribute = f' class="{kind}"' if kind else ""
    return f"<tr{attribute}><th>{title}</th>{inside}</tr>"


def _frame_cell(step, frame, name_of, figure_name):
    if frame >= len(step.cells):
        return "", ""
    page, figure = step.cells[frame]
    kinds = []
    if page == step.page:
        kinds.append("new" if step.fault else "hit")
    if step.hand == frame:
        kinds.append("hand")
    text = escape(name_of(page))
    if figure is not None and (figure_name != "R" or figure):
        text += f"<sup>{'R' if figure_name == 'R' else figure}</sup>"
    return " ".join(kinds), text


def _step_table(run, name_of, figure_name):
    frames = len(run.steps[-1].cells)
    rows = [_row("reference", [("", escape(name_of(step.page))
                                + ("w" if step.write else ""))
                               for step in run.steps], "string")]
    for frame in range(frames):
        rows.append(_row(f"frame {frame}",
                         [_frame_cell(step, frame, name_of, figure_name)
                          for step in run.steps]))
    rows.append(_row("fault", [("", "F" if step.fault else "")
                               for step in run.steps]))
    rows.append(_row("victim", [
        ("", "" if step.victim is None else escape(name_of(step.victim))
         + ("!" if step.written else "")) for step in run.steps]))
    return (f"<h3>{escape(summary(run))}</h3>\n"
            '<div class="scroll"><table>\n' + "\n".join(rows)
            + "\n</table></div>")


def _matrix(results, what):
    worse = {(policy, many) for policy, _, _, many, _ in results.anomalies()}
    rows = [_row(f"{what} in frames",
                 [("", str(count)) for count in results.frames()], "string")]
    for policy in results.policies():
        rows.append(_row(escape(policy), [
            ("anomaly" if what == "faults" and (policy, count) in worse
             else "", str(getattr(results.run(policy, count), what)))
            for count in results.frames()]))
    return ('<div class="scroll"><table>\n' + "\n".join(rows)
            + "\n</table></div>")


def html(results, policies, name_of, window):
    """Everything about these results as one page."""
    parts = ["<!DOCTYPE html>", '<html lang="en"><head>'
             '<meta charset="utf-8"/>', "<title>Page replacement</title>",
             f"<style>{STYLE}</style></head><body>",
             "<h1>Page replacement</h1>",
             f"<p>{results.length} references to {results.pages} pages, "
             f"{results.writes} of them writes.</p>"]
    if len(results.frames()) > 1:
        parts.append(curves(results))
    parts.append(_matrix(results, "faults"))
    if results.writes:
        parts.append(_matrix(results, "writebacks"))
    parts += [f"<p>{escape(line)}</p>"
              for line in findings(results, name_of)]
    if window:
        parts.append(working_set(results, window))
    tables = [run for run in results.runs if run.steps]
    if tables:
        parts.append(
            "<h2>Step by step</h2><p>Red: brought in by a fault; green: was "
            "there. A bar at the left: the hand. R: the reference bit is set; "
            "other small figures: the count, class or age. !: the victim was "
            "written back.</p>")
    for run in tables:
        parts.append(_step_table(run, name_of, policies[run.policy][1]))
    parts.append("</body></html>\n")
    return "\n".join(parts)
