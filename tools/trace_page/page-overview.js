'use strict';
// page-overview.js - the strip above all views, and the chart of page faults.
//
// The overview shows how busy the CPUs were over the whole trace, hits of a
// search, and a frame around the part that the views show; dragging chooses
// another part. The chart counts faults of each class in columns of time.
// Both look things up by binary search for each column.
// Read next: page-main.js.

function draw_overview(app, pen) {
    const scale = new Scale(0, app.trace.end, 0, pen.width);
    const cpus = app.model.cpus, bottom = pen.height - 4;
    draw_axis(pen, t => scale.x(t), 0, pen.width, 0, 18, 0, app.trace.end);
    for (let x = 0; x < pen.width; x += 2) {
        const from = scale.time(x), to = scale.time(x + 2);
        let busy = 0;
        for (const cpu of cpus)
            busy += cpu.lane.spent(0, from, to);
        const share = busy / (to - from) / cpus.length;
        if (share > 0)
            pen.rect(x, bottom - Math.max(1, (bottom - 18) * share), 2,
                     Math.max(1, (bottom - 18) * share), theme.line);
    }
    if (app.hits)
        walk_marks(app.hits, app.trace.time, scale, () => 0,
                   (i, x) => pen.rect(x, bottom - 8, 2, 10, theme.accent));
    const left = scale.x(app.start);
    const width = Math.max(3, scale.x(app.end) - left);
    pen.rect(left, 1, width, pen.height - 2, null, theme.accent);
    pen.rect(left, pen.height - 4, width, 3, theme.accent);
    pen.rect(scale.x(app.at) - 1, 0, 2, pen.height, theme.mark);
    return scale;
}

function overview_setup(app) {
    const canvas = document.getElementById('overview');
    const view = {id: 'overview'};
    view.draw = () => {
        const width = canvas.parentElement.clientWidth - 32;
        const pen = new CanvasPen(canvas, width, 44);
        view.scale = draw_overview(app, pen);
        return pen.operations;
    };
    let from = null;
    const place = event => Math.max(0, Math.min(app.trace.end,
        view.scale.time(event.offsetX)));
    canvas.addEventListener('pointerdown', event => {
        from = event.offsetX;
        canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener('pointermove', event => {
        if (from !== null && Math.abs(event.offsetX - from) > 3)
            app.set_window(Math.min(view.scale.time(from), place(event)),
                           Math.max(view.scale.time(from), place(event)));
    });
    canvas.addEventListener('pointerup', event => {
        if (from !== null && Math.abs(event.offsetX - from) <= 3) {
            const half = (app.end - app.start) / 2;
            app.set_window(place(event) - half, place(event) + half);
        }
        from = null;
    });
    return view;
}

// ---- faults over time -------------------------------------------------------

const BAR = 4, CHART_LEFT = 60;

// Counts of each class in each column: [column][class], and the tallest.
function fault_counts(app, scale, width) {
    const columns = Math.max(1, Math.floor((width - CHART_LEFT - 8) / BAR));
    const counts = [];
    let most = 0;
    const place = app.model.fault_times.map(
        list => first_from(list, app.start));
    for (let column = 0; column < columns; column++) {
        const edge = column === columns - 1 ? app.end + .5 :
            scale.time(CHART_LEFT + (column + 1) * BAR);
        let sum = 0;
        const row = app.model.fault_times.map((list, c) => {
            const next = first_from(list, edge, place[c]);
            const count = next - place[c];
            place[c] = next;
            sum += count;
            return count;
        });
        most = Math.max(most, sum);
        counts.push(row);
    }
    return {counts, most};
}

function draw_faults(app, pen, height) {
    const scale = new Scale(app.start, app.end, CHART_LEFT, pen.width - 8);
    draw_axis(pen, t => scale.x(t), CHART_LEFT, pen.width - 8, 0, height - 4,
              app.start, app.end);
    const {counts, most} = fault_counts(app, scale, pen.width);
    const top = 26, bottom = height - 6;
    const factor = (bottom - top) / Math.max(1, most);
    for (const part of [0, .5, 1]) {
        const value = Math.round(most * part);
        const y = bottom - value * factor;
        pen.line(CHART_LEFT, y, pen.width - 8, y, theme.line);
        pen.text(String(value), CHART_LEFT - 6, y, theme.quiet, 11, 'end');
    }
    counts.forEach((row, column) => {
        let y = bottom;
        row.forEach((count, c) => {
            if (!count)
                return;
            y -= count * factor;
            pen.rect(CHART_LEFT + column * BAR, y, BAR - 1, count * factor,
                     fault_colour(c));
        });
    });
    pen.text('faults', 4, 9, theme.quiet, 11);
    draw_moment(app, pen, scale, height);
    return {scale, most};
}

function faults_setup(app) {
    const canvas = document.getElementById('faults-canvas');
    const view = {id: 'faults', title: 'Faults'};
    view.draw = () => {
        const pen = new CanvasPen(canvas,
                                  canvas.parentElement.clientWidth - 32, 260);
        const {scale} = draw_faults(app, pen, 260);
        view.scale = scale;
        canvas.setAttribute('aria-label', 'page faults over time: ' +
            FAULT_CLASSES.map((c, i) => {
                const list = app.model.fault_times[i];
                const count = first_after(list, app.end) -
                    first_from(list, app.start);
                return `${count} ${c.label}`;
            }).join('; '));
        fault_table(app);
        return pen.operations;
    };
    view.svg = () => {
        const pen = new SvgPen(980, 330, app.trace.command);
        draw_faults(app, pen, 260);
        FAULT_CLASSES.forEach((c, i) => {
            const x = 60 + 310 * (i % 3), y = 278 + 16 * Math.floor(i / 3);
            pen.rect(x, y - 5, 10, 10, fault_colour(i));
            pen.text(c.label, x + 15, y, theme.ink, 10.5);
        });
        return pen.finish();
    };
    canvas.addEventListener('click', event =>
        app.set_moment(view.scale.time(event.offsetX)));
    fill_legend('faults-legend', FAULT_CLASSES.map((c, i) =>
        ['box', c.id === 'bad' ? 'var(--ink)' : c.colour, c.label]));
    return view;
}

// Rows: processes with faults in the window; columns: classes that occur.
function fault_table(app) {
    const {model} = app;
    const count = list => first_after(list, app.end) -
        first_from(list, app.start);
    const used = FAULT_CLASSES.map((_, c) => c).filter(
        c => model.fault_times[c].length);
    const rows = [];
    for (const p of model.ordered) {
        const counts = used.map(c => count(model.process_faults(p, c)));
        if (counts.some(n => n))
            rows.push([`${model.name_at(p, model.trace.end)} (${p.pid})`,
                       ...counts, counts.reduce((a, b) => a + b, 0)]);
        if (rows.length === 500)
            break;
    }
    const total = used.map(c => count(model.fault_times[c]));
    rows.push(['all', ...total, total.reduce((a, b) => a + b, 0)]);
    fill_table(document.getElementById('faults-table'),
               ['process', ...used.map(c => FAULT_CLASSES[c].label), 'all'],
               rows);
}
