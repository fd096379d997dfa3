'use strict';
// page-timeline.js - the timeline: CPUs and threads, and arrows between them.
//
// A CPU's row shows who runs on it, in the colour of the process. A thread's
// row shows its state by shape (so that colours need not be told apart): full
// block running, half block ready, thin line asleep, dots a zombie. Below it
// stand its system calls and marks of single events. Arrows are at most
// MOST_ARROWS, evenly chosen; the page says so when there are more.
// Read next: page-main.js.

const LABEL_WIDTH = 150, AXIS_HEIGHT = 22;
const CPU_ROW = 30, THREAD_ROW = 42, MOST_ARROWS = 400;

function row_height(row) {
    return row.cpu === undefined ? THREAD_ROW : CPU_ROW;
}

// The rows with something to show in the window, and their places.
function timeline_layout(app) {
    const rows = [];
    let y = AXIS_HEIGHT;
    for (const row of app.model.rows) {
        if (row.cpu === undefined && (!thread_is_there(app, row) ||
            app.only_rows && !app.only_rows.has(row.process)))
            continue;
        rows.push({row, y, height: row_height(row)});
        y += row_height(row);
    }
    return {rows, height: y + 4};
}

function thread_is_there(app, thread) {
    const lane = thread.lane;
    if (!lane.count || lane.start[0] >= app.end)
        return false;
    const i = Math.max(0, lane.find(app.start));
    if (lane.what[i] !== NOTHING && lane.start[i + 1] > app.start)
        return !app.only_busy || lane.spent(0, app.start, app.end) > 0;
    return first_after(lane.start, app.start) < lane.count &&
        lane.start[first_after(lane.start, app.start)] < app.end;
}

// Draw the rows between two heights; top is how far the rows are scrolled.
function draw_timeline(app, pen, layout, top, bottom) {
    const scale = new Scale(app.start, app.end, LABEL_WIDTH, pen.width);
    draw_axis(pen, t => scale.x(t), LABEL_WIDTH, pen.width, 0,
              Math.min(bottom - top, layout.height), app.start, app.end);
    const places = new Map();
    for (const {row, y, height} of layout.rows) {
        places.set(row, y - top + height / 2 - 6);
        if (y + height < top + AXIS_HEIGHT || y > bottom)
            continue;
        if (row.cpu === undefined)
            draw_thread(app, pen, scale, row, y - top);
        else
            draw_cpu(app, pen, scale, row, y - top);
        draw_label(app, pen, row, y - top, height);
    }
    draw_arrows(app, pen, scale, places);
    draw_moment(app, pen, scale, bottom - top);
    pen.rect(0, 0, LABEL_WIDTH, AXIS_HEIGHT - 4, theme.back);
    pen.text('time since the start', 6, 9, theme.quiet, 11);
    return scale;
}

function draw_label(app, pen, row, y, height) {
    const thread = row.cpu === undefined;
    const process = thread ? row.process : null;
    const chosen = app.row === row || process && app.process === process;
    pen.rect(0, y, LABEL_WIDTH - 2, height - 3,
             chosen ? theme.accent : theme.box);
    const ink = chosen ? theme.back : theme.ink;
    if (!thread) {
        pen.text(`CPU ${row.cpu}`, 8, y + height / 2 - 2, ink, 12, 'start',
                 'bold');
        return;
    }
    const depth = process ? Math.min(5, process.depth) : 0;
    pen.rect(4 + depth * 7, y + 5, 5, height - 13, app.model.colour(row));
    const left = 14 + depth * 7;
    const name = app.model.thread_name(row, app.end);
    pen.text(text_fit(name, LABEL_WIDTH - left - 4, 12), left, y + 12, ink, 12,
             'start', 'bold');
    const number = process && row.tid !== process.pid ?
        `thread ${row.tid} of ${process.pid}` :
        process ? `process ${row.tid}` : 'kernel thread';
    pen.text(text_fit(number, LABEL_WIDTH - left - 4, 11), left, y + 27,
             chosen ? ink : theme.quiet, 11);
}

function draw_cpu(app, pen, scale, cpu, y) {
    const lane = cpu.lane, threads = app.model.threads;
    const block = (i, x, width, share) => {
        const thread = threads[lane.what[i]];
        if (!thread) {
            if (share === 1)
                pen.line(x, y + 12, x + width, y + 12, theme.line);
            return;
        }
        const colour = app.model.colour(thread);
        const height = Math.max(2, 20 * share);
        pen.rect(x, y + 2 + 20 - height, width, height, colour);
        if (share === 1 && width > 4)
            pen.rect(x, y + 2, 1, 20, theme.back);
        const text = width > 24 && text_fit(
            app.model.thread_name(thread, lane.start[i + 1] - 1),
            width - 6, 12);
        if (text)
            pen.text(text, x + 4, y + 12, ink_on(colour), 12);
    };
    walk_lane(lane, scale, (i, x, width) => block(i, x, width, 1),
              (from, to, x) => {
                  const all = lane.start[to] - lane.start[from];
                  const share = (lane.sums[0][to] - lane.sums[0][from]) / all;
                  if (share > 0)
                      block(busy_slice(lane, from, to), x, 1,
                            Math.min(.99, share));
              });
    walk_marks(cpu.marks, app.trace.time, scale, () => 0,
               (i, x) => pen.rect(x, y + 23, 1, 4, theme.ink));
}

// A slice that stands for [from, to) and is not idle, if there is one near.
function busy_slice(lane, from, to) {
    const best = lane.main_slice(from, to);
    for (let i = best; i < Math.min(to, best + 4); i++)
        if (lane.what[i] >= 0)
            return i;
    return best > from && lane.what[best - 1] >= 0 ? best - 1 : best;
}

function draw_thread(app, pen, scale, thread, y) {
    const lane = thread.lane, colour = app.model.colour(thread);
    walk_lane(lane, scale,
              (i, x, width) => draw_state(app, pen, thread, i, x, y, width),
              (from, to, x) => {
                  const all = lane.start[to] - lane.start[from];
                  const run = (lane.sums[0][to] - lane.sums[0][from]) / all;
                  const ready = (lane.sums[1][to] - lane.sums[1][from]) / all;
                  pen.rect(x, y + 11, 1, 1, theme.quiet);
                  if (ready > 0)
                      pen.rect(x, y + 20 - 18 * Math.min(1, run + ready), 1,
                               Math.max(1, 18 * ready), theme.line);
                  if (run > 0)
                      pen.rect(x, y + 20 - Math.max(2, 18 * run), 1,
                               Math.max(2, 18 * run), colour);
              });
    draw_calls(app, pen, scale, thread, y + 22);
    draw_marks(app, pen, scale, thread, y + 33);
}

function draw_state(app, pen, thread, i, x, y, width) {
    const lane = thread.lane, colour = app.model.colour(thread);
    const label = (text, ink, height) => {
        const part = width > 24 && text_fit(text, width - 8, 11);
        if (part)
            pen.text(part, x + 4, y + height, ink, 11);
    };
    switch (lane.what[i]) {
    case RUNNING:
        pen.rect(x, y + 2, width, 18, colour);
        label(`CPU ${lane.why[i]}`, ink_on(colour), 11);
        break;
    case NEW:
    case READY:
        pen.rect(x, y + 9, width, 11, theme.faint, width > 2 ? colour : null);
        label('ready', theme.ink, 15);
        break;
    case BLOCKED:
        pen.rect(x, y + 18, width, 2, theme.quiet);
        if (lane.why[i] > 0)
            label('sleeps: ' + app.trace.strings[lane.why[i]], theme.quiet,
                  11);
        break;
    case DEAD:
        pen.line(x, y + 18, x + width, y + 18, theme.mark, 2, [2, 3]);
        label('zombie', theme.quiet, 11);
    }
}

function draw_calls(app, pen, scale, thread, y) {
    const lane = thread.call_lane;
    if (!lane.count)
        return;
    walk_lane(lane, scale, (i, x, width) => {
        if (lane.what[i] < 0)
            return;
        pen.rect(x, y, width, 10, theme.faint, width > 2 ? theme.line : null);
        const text = width > 24 &&
            text_fit(call_text(app.trace, lane.what[i]), width - 6, 9);
        if (text)
            pen.text(text, x + 3, y + 5, theme.ink, 9);
    }, (from, to, x) => {
        if (lane.sums[0][to] > lane.sums[0][from])
            pen.rect(x, y, 1, 10, theme.line);
    });
}

function draw_marks(app, pen, scale, thread, y) {
    const {trace, model} = app;
    walk_marks(thread.faults, trace.time, scale, i => model.class_of_fault(i),
               (i, x) => pen.rect(x - 1, y, 2, 6,
                                  fault_colour(model.class_of_fault(i))));
    const rank = i => trace.kinds[trace.kind[i]].group === 'ipc' ? 0 : 1;
    walk_marks(thread.marks, trace.time, scale, rank, (i, x) => {
        const colour = GROUP_COLOURS[trace.kinds[trace.kind[i]].group] ||
            theme.quiet;
        pen.shape([x, y - 1, x + 3.5, y + 2.5, x, y + 6, x - 3.5, y + 2.5],
                  colour);
    });
}

// Arrows that begin or end in the window; keeps their places for clicks.
function draw_arrows(app, pen, scale, places) {
    app.drawn_arrows = [];
    app.more_arrows = 0;
    for (const group of app.model.arrows) {
        if (!app.arrow_kinds.has(group.name))
            continue;
        const a = first_from(group.start, app.start);
        const b = first_after(group.start, app.end);
        const c = first_from(group.end, app.start);
        const d = first_after(group.end, app.end);
        const count = b - a + d - c;
        const step = Math.max(1, Math.ceil(count / MOST_ARROWS));
        app.more_arrows += b - a - Math.ceil((b - a) / step);
        const {from} = app.trace.flow, time = app.trace.time;
        for (let i = a; i < b; i += step)
            draw_arrow(app, pen, scale, places, group, group.by_start[i]);
        for (let i = c; i < d; i += step)
            if (time[from[group.by_end[i]]] < app.start)
                draw_arrow(app, pen, scale, places, group, group.by_end[i]);
    }
}

function draw_arrow(app, pen, scale, places, group, flow) {
    const {flow: flows, time} = app.trace;
    const from = flows.from[flow], to = flows.to[flow];
    const y1 = places.get(app.model.arrow_end(from, false));
    const y2 = places.get(app.model.arrow_end(to, true));
    if (y1 === undefined || y2 === undefined || y1 === y2)
        return;
    const x1 = Math.max(LABEL_WIDTH, scale.x(time[from]));
    const x2 = Math.min(pen.width - 2, scale.x(time[to]));
    const colour = (FLOW_STYLE[group.name] || [theme.quiet])[0];
    pen.line(x1, y1, x2, y2, colour, app.flow === flow ? 3 : 1.4,
             group.name === 'wake' ? [4, 3] : []);
    const length = Math.hypot(x2 - x1, y2 - y1) || 1;
    const ux = (x2 - x1) / length, uy = (y2 - y1) / length;
    pen.shape([x2, y2, x2 - 8 * ux + 4 * uy, y2 - 8 * uy - 4 * ux,
               x2 - 8 * ux - 4 * uy, y2 - 8 * uy + 4 * ux], colour);
    pen.rect(x1 - 2, y1 - 2, 4, 4, colour);
    app.drawn_arrows.push({flow, x1, y1, x2, y2});
}

function draw_moment(app, pen, scale, bottom) {
    if (app.at < app.start || app.at > app.end)
        return;
    const x = scale.x(app.at);
    pen.line(x, 0, x, bottom, theme.mark, 1.5);
    pen.shape([x - 5, 0, x + 5, 0, x, 7], theme.mark);
}

// ---- the view ---------------------------------------------------------------

function timeline_setup(app) {
    const canvas = document.getElementById('timeline-canvas');
    const box = document.getElementById('timeline-scroll');
    const view = {id: 'timeline', title: 'Timeline'};
    view.draw = () => {
        const layout = timeline_layout(app);
        const width = box.clientWidth, height = box.clientHeight;
        box.querySelector('.spacer').style.height =
            Math.max(0, layout.height - height) + 'px';
        const pen = new CanvasPen(canvas, width, height);
        view.layout = layout;
        view.scale = draw_timeline(app, pen, layout, box.scrollTop,
                                   box.scrollTop + height);
        canvas.setAttribute('aria-label', timeline_words(app, layout));
        show_arrow_note(app);
        return pen.operations;
    };
    view.svg = () => {
        const layout = timeline_layout(app);
        const pen = new SvgPen(980, layout.height + 20, app.trace.command);
        draw_timeline(app, pen, layout, 0, layout.height);
        draw_svg_legend(app, pen, layout.height + 8);
        return pen.finish();
    };
    box.addEventListener('scroll', () => app.redraw());
    timeline_mouse(app, view, canvas, box);
    timeline_keys(app, view, box);
    arrow_choice(app);
    timeline_legend();
    return view;
}

function timeline_words(app, layout) {
    const span = app.end - app.start;
    const cpus = app.model.cpus.map(cpu => `CPU ${cpu.cpu} busy ` +
        Math.round(100 * cpu.lane.spent(0, app.start, app.end) / span) + ' %');
    return `timeline of ${layout.rows.length} rows, from ` +
        `${time_text(app.start, span)} to ${time_text(app.end, span)}; ` +
        cpus.join(', ');
}

function show_arrow_note(app) {
    document.getElementById('arrow-note').textContent = app.more_arrows ?
        `${app.more_arrows} more arrows here: zoom in to see them` : '';
}

function arrow_choice(app) {
    const place = document.getElementById('arrow-choice');
    place.append('arrows:');
    for (const {name, start} of app.model.arrows) {
        if (!start.length)
            continue;
        const label = document.createElement('label');
        const box = document.createElement('input');
        box.type = 'checkbox';
        box.checked = app.arrow_kinds.has(name);
        box.id = 'arrows-' + name;
        box.addEventListener('change', () => {
            app.arrow_kinds[box.checked ? 'add' : 'delete'](name);
            app.redraw();
        });
        const [colour, text] = FLOW_STYLE[name] || ['#8c8c8c', name];
        label.append(box, swatch('arrow', colour), `${text} (${start.length})`);
        place.append(label);
    }
    const label = document.createElement('label');
    const box = document.createElement('input');
    box.type = 'checkbox';
    box.id = 'only-busy';
    box.addEventListener('change', () => {
        app.only_busy = box.checked;
        app.redraw();
    });
    label.append(box, 'only threads that run in this part');
    const note = document.createElement('span');
    note.id = 'arrow-note';
    note.className = 'quiet';
    place.append(label, note);
}

// What lies at a point of the canvas.
function timeline_hit(app, view, x, y, scroll) {
    const near = app.drawn_arrows.find(a => distance(a, x, y) < 4);
    if (near && x > LABEL_WIDTH)
        return {flow: near.flow};
    const place = view.layout.rows.find(
        r => y + scroll >= r.y && y + scroll < r.y + r.height);
    if (!place)
        return {};
    if (x < LABEL_WIDTH)
        return {row: place.row};
    const t = view.scale.time(x), slack = 5 / view.scale.factor;
    const row = place.row, inside = y + scroll - place.y;
    if (row.cpu === undefined && inside > 31) {
        const event = nearest_event(app, row, t, slack);
        if (event >= 0)
            return {row, t, event};
    }
    if (row.cpu === undefined && inside > 21 && inside <= 31) {
        const i = row.call_lane.find(t);
        if (i >= 0 && row.call_lane.what[i] >= 0)
            return {row, t, event: row.call_lane.why[i]};
    }
    return {row, t, slice: row.lane.find(t)};
}

function nearest_event(app, thread, t, slack) {
    const time = app.trace.time;
    let best = -1, gap = slack;
    for (const list of [thread.faults, thread.marks]) {
        const i = first_listed(list, time, t);
        for (const j of [i - 1, i])
            if (j >= 0 && j < list.length &&
                Math.abs(time[list[j]] - t) <= gap) {
                gap = Math.abs(time[list[j]] - t);
                best = list[j];
            }
    }
    return best;
}

// How far a point is from an arrow's line.
function distance(a, x, y) {
    const dx = a.x2 - a.x1, dy = a.y2 - a.y1;
    const part = Math.max(0, Math.min(1,
        ((x - a.x1) * dx + (y - a.y1) * dy) / (dx * dx + dy * dy || 1)));
    return Math.hypot(a.x1 + part * dx - x, a.y1 + part * dy - y);
}

function timeline_mouse(app, view, canvas, box) {
    let drag = null;
    canvas.addEventListener('pointerdown', event => {
        drag = {x: event.offsetX, start: app.start, end: app.end, moved: false};
        canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener('pointermove', event => {
        if (!drag)
            return;
        const way = event.offsetX - drag.x;
        drag.moved = drag.moved || Math.abs(way) > 3;
        if (drag.moved)
            app.set_window(drag.start - way / view.scale.factor,
                           drag.end - way / view.scale.factor);
    });
    canvas.addEventListener('pointerup', event => {
        if (drag && !drag.moved)
            app.choose(timeline_hit(app, view, event.offsetX, event.offsetY,
                                    box.scrollTop));
        drag = null;
    });
    canvas.addEventListener('dblclick', event => {
        if (event.offsetX > LABEL_WIDTH)
            app.zoom(.25, view.scale.time(event.offsetX));
    });
    canvas.addEventListener('wheel', event => {
        if (!event.ctrlKey && !event.shiftKey)
            return;
        event.preventDefault();
        if (event.ctrlKey)
            app.zoom(event.deltaY > 0 ? 1.3 : 1 / 1.3,
                     view.scale.time(Math.max(LABEL_WIDTH, event.offsetX)));
        else
            app.pan((event.deltaY || event.deltaX) / 1000);
    }, {passive: false});
}

function timeline_keys(app, view, box) {
    box.addEventListener('keydown', event => {
        if (event.key !== 'ArrowUp' && event.key !== 'ArrowDown')
            return;
        event.preventDefault();
        const rows = view.layout.rows;
        const now = rows.findIndex(r => r.row === app.row);
        const next = rows[Math.max(0, Math.min(rows.length - 1,
            now + (event.key === 'ArrowUp' ? -1 : 1)))];
        if (!next)
            return;
        if (next.y < box.scrollTop + AXIS_HEIGHT)
            box.scrollTop = next.y - AXIS_HEIGHT;
        if (next.y + next.height > box.scrollTop + box.clientHeight)
            box.scrollTop = next.y + next.height - box.clientHeight;
        app.choose({row: next.row, t: app.at,
                    slice: next.row.lane.find(app.at)});
    });
}

// ---- legends ----------------------------------------------------------------

// A small picture for a legend.
function swatch(shape, colour) {
    const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
    svg.setAttribute('width', 22);
    svg.setAttribute('height', 14);
    svg.setAttribute('aria-hidden', 'true');
    const shapes = {
        block: 'M0 0H22V14H0Z', half: 'M0 5H22V14H0Z', thin: 'M0 11H22V13H0Z',
        mark: 'M10 2H12V12H10Z', diamond: 'M11 2L16 7L11 12L6 7Z',
        arrow: 'M0 6H13V2L22 7L13 12V8H0Z', dots:
        'M0 11h3v2h-3ZM6 11h3v2h-3ZM12 11h3v2h-3ZM18 11h3v2h-3Z',
        box: 'M4 1H18V13H4Z',
    };
    const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
    path.setAttribute('d', shapes[shape]);
    path.setAttribute('style', `fill: ${colour}`);
    svg.append(path);
    return svg;
}

// Fill a legend from [shape, colour, text] lines.
function fill_legend(id, lines) {
    const place = document.getElementById(id);
    place.replaceChildren(...lines.map(([shape, colour, text]) => {
        const item = document.createElement('span');
        item.append(swatch(shape, colour), text);
        return item;
    }));
}

function timeline_legend() {
    fill_legend('timeline-legend', [
        ['block', PALETTE[0], 'runs (the colour is the process)'],
        ['half', 'var(--line)', 'ready, waits for a CPU'],
        ['thin', 'var(--quiet)', 'sleeps'],
        ['dots', 'var(--mark)', 'zombie: ended, nobody waited for it yet'],
        ['block', 'var(--faint)', 'below: system call'],
        ['mark', '#d55e00', 'page fault (colours: Faults)'],
        ['diamond', '#0072b2', 'fork, exec, exit'],
        ['diamond', '#d55e00', 'signal'], ['diamond', '#009e73', 'pipe, IPC'],
        ['diamond', '#e69f00', 'lock'],
        ['mark', 'var(--ink)', 'in a CPU\'s row: interrupt'],
    ]);
}

function draw_svg_legend(app, pen, y) {
    let x = 6;
    for (const {name, start} of app.model.arrows) {
        if (!start.length || !app.arrow_kinds.has(name))
            continue;
        const [colour, text] = FLOW_STYLE[name] || [theme.quiet, name];
        pen.rect(x, y - 1, 14, 3, colour);
        pen.text(text, x + 18, y, theme.quiet, 10);
        x += 34 + text.length * 5.6;
    }
}
