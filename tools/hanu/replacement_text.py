"""Page replacement in plain text: the table of frames as text books draw it,
faults by policy and frames, what is remarkable about them."""

WIDTH = 79


def namer(names):
    """The function that names a page: as typed, else in hexadecimal."""
    return lambda page: names.get(page, f"{page:x}")


def cell_text(cell, figure_name):
    """A page in a frame: `7`, `7*` with its reference bit, `7:2` with a
    figure."""
    name, figure = cell
    if figure is None:
        return name
    if figure_name == "R":
        return name + "*" if figure else name
    return f"{name}:{figure}"


def _columns(run, name_of, figure_name):
    """Of each step: the texts of its column, from top to bottom."""
    for step in run.steps:
        column = [name_of(step.page) + ("w" if step.write else "")]
        for frame in range(min(run.frames, len(run.steps[-1].cells))):
            text = "."
            if frame < len(step.cells):
                page, figure = step.cells[frame]
                text = cell_text((name_of(page), figure), figure_name)
            column.append((">" if step.hand == frame else "") + text)
        column.append("F" if step.fault else "")
        victim = "" if step.victim is None else name_of(step.victim)
        column.append(victim + ("!" if step.written else ""))
        yield column


def _legend(run, figure_name):
    """What the marks mean, as far as they occur."""
    marks = ["F fault"]
    if figure_name == "R":
        marks.append("* reference bit set")
    elif figure_name:
        marks.append(f":n {figure_name}")
    if any(step.hand is not None for step in run.steps):
        marks.append("> hand")
    if run.writebacks:
        marks.append("! written back")
    return ", ".join(marks)


def table(run, name_of, figure_name):
    """The frames after each reference, in lines that fit a terminal."""
    columns = list(_columns(run, name_of, figure_name))
    rows = len(columns[0])
    titles = (["reference"] + [f"frame {i}" for i in range(rows - 3)]
              + ["", "victim"])
    margin = max(map(len, titles)) + 1
    wide = max(len(text) for column in columns for text in column) + 1
    per_part = max(1, (WIDTH - margin) // wide)
    lines = [summary(run)]
    for start in range(0, len(columns), per_part):
        part = columns[start:start + per_part]
        for row in range(rows):
            cells = "".join(column[row].rjust(wide) for column in part)
            lines.append((titles[row].ljust(margin) + cells).rstrip())
        lines.append("")
    lines[-1] = _legend(run, figure_name)
    return "\n".join(lines)


def summary(run):
    """One line about a run."""
    frames = "1 frame" if run.frames == 1 else f"{run.frames} frames"
    text = f"{run.policy}, {frames}: {run.faults} faults"
    if run.writebacks:
        text += f", {run.writebacks} written back"
    return text


def matrix(results, what):
    """Faults or write-backs: a line for each policy, a column for each number
    of frames."""
    counts = results.frames()
    cells = [[str(getattr(results.run(policy, count), what))
              for count in counts] for policy in results.policies()]
    heads = [str(count) for count in counts]
    wide = max(len(text) for row in [heads] + cells for text in row) + 2
    per_part = max(1, (WIDTH - 12) // wide)
    lines = []
    for start in range(0, len(counts), per_part):
        part = slice(start, start + per_part)
        lines.append(f"{what} in".ljust(13)
                     + "".join(text.rjust(wide) for text in heads[part])
                     + " frames")
        for policy, row in zip(results.policies(), cells):
            lines.append(policy.ljust(13)
                         + "".join(text.rjust(wide) for text in row[part]))
        lines.append("")
    return "\n".join(lines[:-1])


def findings(results, name_of):
    """Belady's anomaly and the stack property, a line each."""
    lines = [f"Belady's anomaly: {policy} has {less} faults in {few} frames "
             f"and {more} in {many}."
             for policy, few, less, many, more in results.anomalies()]
    if not lines and len(results.frames()) > 1:
        lines.append("Belady's anomaly: none.")
    holds = []
    for policy in results.policies():
        runs = [run for run in results.runs
                if run.policy == policy and run.stack is not None]
        broken = next((run for run in runs if run.stack is not True), None)
        if broken:
            reference, page = broken.stack
            lines.append(
                f"Stack property: not for {policy}: after reference "
                f"{reference} page {name_of(page)} is in memory with "
                f"{broken.frames} frames, not with {broken.frames + 1}.")
        elif runs:
            holds.append(policy)
    if holds:
        lines.append("Stack property: nothing in this string is against it "
                     f"for {', '.join(holds)}.")
    return lines


def working_set(results, window):
    """The size over time, in one line for a short string."""
    points = results.working_set
    mean = sum(point[1] for point in points) / len(points)
    least = min(point[2] for point in points)
    most = max(point[3] for point in points)
    lines = [f"working set of the last {window} references: mean {mean:.2f} "
             f"pages, {least} to {most}"]
    if len(points) == results.length <= 100:
        lines.append(" ".join(f"{point[3]}" for point in points))
    return "\n".join(lines)
