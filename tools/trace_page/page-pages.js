'use strict';
// page-pages.js - the picture of pages and frames at one moment.
//
// Rows are processes, columns are virtual pages. Pages of neighbouring rows
// that map the same frame are drawn as one tall box; copy-on-write cuts it.
// Only the columns in sight are looked up, each by binary search.
// Read next: page-frames.js (where the answers come from), page-detail.js.

const HEAD = 34, LEFT = 150, GAP = 14, NEAR_PAGES = 16;
const PAGE_KINDS = ['alone', 'shared', 'file', 'both', 'zero', 'swap'];
const NARROW = 3, MOST_SAMPLES = 8;   // pixels of a box, pages of a pixel
const PAGE_COLOURS = {alone: '#e69f00', shared: '#56b4e9', file: '#009e73',
                      both: '#7fcdb4', zero: '#c9c9c9',
                      swap: '#cc79a7'};

// The processes that the view shows: a family, in the tree's order.
function family_of(app) {
    const root = app.model.processes[app.family];
    if (!root)
        return app.model.ordered;
    const list = [];
    const visit = p => {
        list.push(p);
        p.children.forEach(visit);
    };
    visit(root);
    return list;
}

// The first process with a parent: what the command started. -1: all.
function first_family(model) {
    const born = model.ordered.find(p => p.up && p.start > 0);
    return born ? born.index : -1;
}

// The columns: every page that a process of the family had and the choice
// allows, sorted, with the place of gaps between areas. Kept until either
// changes, for it looks at all pages.
function page_columns(app, frames) {
    const key = `${app.family} ${app.page_choice} ${app.page_range}`;
    if (app.columns && app.columns.key === key)
        return app.columns;
    const pages = new Map();
    for (const process of family_of(app))
        for (const [, id] of process.spaces || []) {
            const space = frames.spaces.get(id);
            for (const [page, cell] of space ? space.cells : [])
                if (!pages.has(page) && in_range(app, page) &&
                    page_wanted(app, frames, cell))
                    pages.set(page, space);
        }
    const sorted = Float64Array.from(pages.keys()).sort();
    const groups = [];
    for (let i = 0; i < sorted.length; i++) {
        const name = area_name(app, frames, pages.get(sorted[i]), sorted[i]);
        const last = groups[groups.length - 1];
        if (!last || sorted[i] - sorted[i - 1] > NEAR_PAGES ||
            last.name !== name)
            groups.push({first: i, name, page: sorted[i]});
    }
    app.columns = {key, pages: sorted, groups,
                   group: Uint32Array.from(groups, g => g.first)};
    return app.columns;
}

// Is a page in the part of the addresses that was chosen?
function in_range(app, page) {
    return !app.page_range || app.page_range[0] <= page * PAGE &&
        page * PAGE < app.page_range[1];
}

function page_wanted(app, frames, cell) {
    if (app.page_choice === 'all')
        return true;
    const {bits, frame, start} = frames.interval;
    for (const at of frames.by_cell.list(cell)) {
        if (app.page_choice === 'written' && bits.values[at] & WRITABLE)
            return true;
        if (app.page_choice === 'shared' && frame.values[at] !== frames.zero &&
            frames.most_users(frame.values[at], start.values[at],
                              frames.interval.end.values[at]) > 1)
            return true;
    }
    return false;
}

function area_name(app, frames, space, page) {
    const area = frames.area_of(space, page);
    return area ? `${access_text(area.prot)}${area_text(app.trace, area)}` : '';
}

// Width of a box, and where column i begins (without scrolling).
function column_width(app, columns, width) {
    if (app.cell_size)
        return app.cell_size;
    const room = width - LEFT - 10 - GAP * columns.groups.length;
    const size = room / Math.max(1, columns.pages.length);
    return size < NARROW ? Math.max(size, .01) : Math.min(48, Math.floor(size));
}

function column_x(columns, size, i) {
    return LEFT + i * size + GAP * (first_after(columns.group, i) - 1);
}

// The column at a place, -1: none.
function column_at(columns, size, x) {
    for (let low = 0, high = columns.pages.length; low < high;) {
        const middle = (low + high) >>> 1;
        const left = column_x(columns, size, middle);
        if (x < left)
            high = middle;
        else if (x >= left + size)
            low = middle + 1;
        else
            return middle;
    }
    return -1;
}

// {processes, spaces, row height} at the moment: who is alive, in rows.
function page_rows(app, frames) {
    const rows = family_of(app).filter(
        p => frames.space_at(p, app.at) !== undefined);
    return {rows, spaces: rows.map(p => frames.space_at(p, app.at)),
            height: rows.length > 12 ? 22 : 34};
}

// Draw the columns from `scroll` on; returns what a click needs.
function draw_pages(app, frames, pen, scroll_x, scroll_y) {
    const columns = page_columns(app, frames);
    const {rows, spaces, height} = page_rows(app, frames);
    const size = column_width(app, columns, pen.width);
    const shown = {columns, rows, spaces, height, size,
                   last_change: last_change(app, frames)};
    shown.first_row = Math.max(0, Math.floor(scroll_y / height) - 1);
    shown.last_row = Math.ceil((scroll_y + pen.height) / height);
    shown.first = Math.max(0, first_visible(columns, size,
                                            scroll_x + LEFT) - 1);
    for (let i = shown.first; i < columns.pages.length;) {
        const x = column_x(columns, size, i) - scroll_x;
        if (x > pen.width)
            break;
        draw_group_head(pen, columns, i, x, size);
        if (size >= NARROW)
            draw_column(app, frames, pen, shown, i++, x, scroll_y);
        else
            i = draw_many(app, frames, pen, shown, i, x, scroll_y);
    }
    pen.rect(0, 0, LEFT - 4, pen.height, theme.back);
    pen.text('virtual address →', 6, 12, theme.quiet, 11);
    rows.forEach((p, r) => {
        const y = HEAD + r * height - scroll_y;
        if (y < HEAD - height || y > pen.height)
            return;
        const chosen = app.process === p;
        pen.rect(0, y, LEFT - 6, height - 3,
                 chosen ? theme.accent : theme.box);
        pen.rect(4 + Math.min(5, p.depth) * 6, y + 3, 5, height - 9, p.colour);
        const text = `${app.model.name_at(p, app.at)} (${p.pid})`;
        const left = 14 + Math.min(5, p.depth) * 6;
        pen.text(text_fit(text, LEFT - 10 - left, 12), left,
                 y + height / 2 - 1, chosen ? theme.back : theme.ink, 12);
    });
    if (size < NARROW && pen instanceof CanvasPen)
        pen.text(`each column stands for about ${Math.ceil(1 / size)} pages; ` +
            'choose larger boxes, or fewer pages, to see each of them', LEFT,
        HEAD + rows.length * height + 10 - scroll_y, theme.quiet, 11);
    if (!rows.length)
        pen.text('none of these processes has an address space at this moment',
                 LEFT, HEAD + 12, theme.quiet, 12);
    else if (!columns.pages.length)
        pen.text('no page of this choice is known', LEFT, HEAD + 12,
                 theme.quiet, 12);
    return shown;
}

function first_visible(columns, size, x) {
    let low = 0, high = columns.pages.length;
    while (low < high) {
        const middle = (low + high) >>> 1;
        if (column_x(columns, size, middle) + size > x)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

function draw_group_head(pen, columns, i, x, size) {
    const g = first_after(columns.group, i) - 1;
    const group = columns.groups[g];
    if (group.first !== i)
        return;
    const end = g + 1 < columns.groups.length ? columns.groups[g + 1].first :
        columns.pages.length;
    const width = (end - i) * size + GAP - 2;
    pen.line(x - 5, 2, x - 5, pen.height, theme.line);
    pen.text(text_fit(hex(columns.pages[i] * PAGE), width, 10), x, 9,
             theme.quiet, 10);
    pen.text(text_fit(group.name, width, 10), x, 22, theme.ink, 10);
}

// One column: runs of rows with the same frame become one box.
function draw_column(app, frames, pen, shown, i, x, scroll_y) {
    const {rows, spaces, height, size, columns} = shown;
    const page = columns.pages[i], {frame, bits} = frames.interval;
    const last = Math.min(rows.length, shown.last_row);
    let r = shown.first_row;
    while (r < last) {
        const at = frames.find(spaces[r], page, app.at);
        let end = r + 1;
        if (at < 0) {
            r = end;
            continue;
        }
        const same = other => other >= 0 &&
            frame.values[other] === frame.values[at] &&
            (bits.values[other] & IN_SWAP) === (bits.values[at] & IN_SWAP);
        const parts = [at];
        for (; end < last; end++) {
            const other = frames.find(spaces[end], page, app.at);
            if (!same(other))
                break;
            parts.push(other);
        }
        const y = HEAD + r * height - scroll_y;
        if (y < pen.height && y + (end - r) * height > HEAD)
            draw_box(app, frames, pen, shown, parts, x, y);
        r = end;
    }
}

// A pixel that stands for several pages: each row shows the shares of their
// kinds, of at most MOST_SAMPLES pages. Returns the column after them.
function draw_many(app, frames, pen, shown, first, x, scroll_y) {
    const {columns, rows, spaces, height, size} = shown;
    const next = first_after(columns.group, first);
    const border = next < columns.group.length ? columns.group[next] :
        columns.pages.length;
    const count = Math.max(1, Math.floor(1 / size));
    const end = Math.min(border, first + count);
    const step = Math.max(1, Math.floor((end - first) / MOST_SAMPLES));
    const left = Math.round(x);
    const width = Math.max(1, Math.round(x + size * (end - first)) - left);
    for (let r = shown.first_row; r < Math.min(rows.length, shown.last_row);
        r++) {
        const y = HEAD + r * height - scroll_y, share = {};
        let all = 0;
        for (let i = first; i < end; i += step, all++) {
            const at = frames.find(spaces[r], columns.pages[i], app.at);
            const kind = at < 0 ? '' : page_kind(frames, at, app.at);
            share[kind] = (share[kind] || 0) + 1;
        }
        let top = y;
        for (const kind of PAGE_KINDS) {
            const tall = (share[kind] || 0) / all * (height - 4);
            if (tall)
                pen.rect(left, top, width, tall, PAGE_COLOURS[kind]);
            top += tall;
        }
    }
    return end;
}

// What kind of page an interval is at time t, for its colour and in words.
function page_kind(frames, at, t) {
    const {frame, bits, origin} = frames.interval;
    if (bits.values[at] & IN_SWAP)
        return 'swap';
    if (frame.values[at] === frames.zero)
        return 'zero';
    const several = frames.users(frame.values[at], t) > 1;
    if (origin.values[at] === OF_FILE)
        return several ? 'both' : 'file';
    return several ? 'shared' : 'alone';
}

function draw_box(app, frames, pen, shown, parts, x, y) {
    const {size, height} = shown;
    const {frame, bits, event} = frames.interval;
    const kind = page_kind(frames, parts[0], app.at);
    const gap = size > 5 ? 2 : size > 3 ? 1 : 0;
    const tall = parts.length * height - 4;
    const colour = PAGE_COLOURS[kind];
    const fresh = parts.some(at => event.values[at] === shown.last_change);
    pen.rect(x, y, size - gap, tall, colour);
    if (fresh && size > 5)
        pen.rect(x - 1, y - 1, size - gap + 2, tall + 2, null, theme.mark);
    if (size >= 6)
        parts.forEach((at, n) => {
            if (bits.values[at] & WRITABLE)
                pen.rect(x, y + n * height + height - 8, size - gap, 3,
                         '#111111');
        });
    if (size >= 40)
        pen.text(kind === 'swap' ? 'swap' : kind === 'zero' ? 'zeroes' :
            frame.values[parts[0]].toString(16), x + (size - gap) / 2,
        y + tall / 2, '#111111', 11, 'center');
    if (app.cell && app.cell.page === frames.cell_page.values[
        frames.interval.cell.values[parts[0]]])
        pen.rect(x - 1, y - 1, size - gap + 2, tall + 2, null, theme.ink);
}

// ---- frames shared and alone, over the window -------------------------------

function draw_series(app, frames, pen) {
    const {series} = frames;
    const time = series.time.all();
    const scale = new Scale(app.start, app.end, LEFT, pen.width - 8);
    draw_axis(pen, t => scale.x(t), LEFT, pen.width, 0, pen.height, app.start,
              app.end);
    const bottom = pen.height - 3, top = 22;
    let most = 1;
    const columns = [];
    for (let x = LEFT; x < pen.width - 8; x++) {
        const i = first_after(time, scale.time(x + 1)) - 1;
        const shared = i < 0 ? 0 : series.shared.values[i];
        const alone = i < 0 ? 0 : series.alone.values[i];
        most = Math.max(most, shared + alone);
        columns.push([x, shared, alone]);
    }
    const factor = (bottom - top) / most;
    for (const [x, shared, alone] of columns) {
        pen.rect(x, bottom - shared * factor, 1, shared * factor,
                 PAGE_COLOURS.shared);
        pen.rect(x, bottom - (shared + alone) * factor, 1, alone * factor,
                 PAGE_COLOURS.alone);
    }
    walk_marks(frames.cow.all(), app.trace.time, scale, () => 0,
               (i, x) => pen.rect(x, bottom - 6, 2, 9, theme.ink));
    pen.rect(0, 0, LEFT - 1, pen.height, theme.back);
    pen.text('frames mapped', 6, top + 6, theme.quiet, 11);
    pen.text(`up to ${most}`, 6, top + 22, theme.quiet, 11);
    pen.text('black: copy-on-write', 6, top + 38, theme.quiet, 11);
    draw_moment(app, pen, scale, pen.height);
    return scale;
}

// ---- the view ---------------------------------------------------------------

function pages_setup(app) {
    const canvas = document.getElementById('frames-canvas');
    const box = document.getElementById('frames-scroll');
    const line = document.getElementById('series-canvas');
    const view = {id: 'frames', title: 'Pages and frames'};
    view.draw = () => {
        const frames = app.frames();
        const pen = new CanvasPen(canvas, box.clientWidth, box.clientHeight);
        view.shown = draw_pages(app, frames, pen, box.scrollLeft,
                                box.scrollTop);
        const {columns, size, rows, height} = view.shown;
        const spacer = box.querySelector('.spacer');
        const wide = column_x(columns, size, columns.pages.length) + 20;
        spacer.style.width = wide + 'px';
        spacer.style.height = Math.max(0, HEAD + rows.length * height + 10 -
                                       box.clientHeight) + 'px';
        const second = new CanvasPen(line, line.parentElement.clientWidth - 32,
                                     84);
        view.series_scale = draw_series(app, frames, second);
        const words = pages_words(app, frames, view.shown);
        canvas.setAttribute('aria-label', words);
        line.setAttribute('aria-label', 'frames mapped once and several ' +
                          'times, over the part of the time that is shown');
        document.getElementById('all-areas').hidden = !app.page_range;
        document.getElementById('change').textContent =
            change_words(app, frames);
        return pen.operations + second.operations;
    };
    view.svg = () => {
        const frames = app.frames();
        const {rows, height} = page_rows(app, frames);
        const pen = new SvgPen(980, HEAD + rows.length * height + 30,
                               app.trace.command);
        draw_pages(app, frames, pen, 0, 0);
        draw_pages_legend(pen, app, pen.height - 12);
        return pen.finish();
    };
    box.addEventListener('scroll', () => app.redraw());
    pages_input(app, view, canvas, box, line);
    fill_legend('frames-legend', [
        ['box', PAGE_COLOURS.alone, 'one process alone'],
        ['box', PAGE_COLOURS.shared, 'shared (after fork)'],
        ['box', PAGE_COLOURS.file, 'file, mapped once'],
        ['box', PAGE_COLOURS.both, 'file, mapped several times'],
        ['box', PAGE_COLOURS.zero, 'the common page of zeroes'],
        ['box', PAGE_COLOURS.swap, 'in swap'],
        ['thin', 'var(--ink)', 'bar below: may be written'],
        ['box', 'var(--mark)', 'framed: the last change'],
    ]);
    return view;
}

function draw_pages_legend(pen, app, y) {
    let x = 6;
    const names = {alone: 'one process alone', shared: 'shared after fork',
                   file: 'file, mapped once', both: 'file, shared',
                   zero: 'page of zeroes', swap: 'in swap'};
    for (const name in names) {
        pen.rect(x, y - 5, 12, 10, PAGE_COLOURS[name]);
        pen.text(names[name], x + 16, y, theme.quiet, 10);
        x += 32 + names[name].length * 5.8;
    }
    pen.rect(x, y + 2, 12, 3, theme.ink);
    pen.text('writable', x + 16, y, theme.quiet, 10);
    pen.text('at ' + time_text(app.at, app.end - app.start), pen.width - 8, y,
             theme.quiet, 10, 'end');
}

function pages_words(app, frames, shown) {
    const count = {};
    for (let r = 0; r < Math.min(64, shown.rows.length); r++)
        for (const page of shown.columns.pages.subarray(
            shown.first, shown.first + 512)) {
            const at = frames.find(shown.spaces[r], page, app.at);
            if (at >= 0) {
                const kind = page_kind(frames, at, app.at);
                count[kind] = (count[kind] || 0) + 1;
            }
        }
    const text = {alone: 'of one process alone', shared: 'shared',
                  file: 'of files', both: 'of files, shared',
                  zero: 'of zeroes', swap: 'in swap'};
    return `${shown.rows.length} processes; pages: ` +
        Object.keys(count).map(k => `${count[k]} ${text[k]}`).join(', ');
}

// The event of the last change until the moment; -1: none.
function last_change(app, frames) {
    const list = frames.changes(app);
    const i = first_listed(list, app.trace.time, app.at + .5) - 1;
    return i < 0 ? -1 : list[i];
}

function change_words(app, frames) {
    const i = last_change(app, frames);
    return i < 0 ? 'no change of pages until this moment' :
        `${time_text(app.trace.time[i], app.end - app.start)}: ` +
        `${app.model.actor(i)}: ${event_text(app.model, i)}`;
}

function pages_input(app, view, canvas, box, line) {
    const step = way => {
        const list = app.frames().changes(app);
        const i = way > 0 ?
            first_listed(list, app.trace.time, app.at + .5) :
            first_listed(list, app.trace.time, app.at) - 1;
        if (i >= 0 && i < list.length)
            app.go_to(list[i]);
    };
    document.getElementById('previous-change')
        .addEventListener('click', () => step(-1));
    document.getElementById('next-change')
        .addEventListener('click', () => step(1));
    const bind = (id, set) => document.getElementById(id)
        .addEventListener('change', event => {
            set(event.target);
            app.redraw();
        });
    bind('only-cow', element => { app.only_cow = element.checked; });
    bind('family', element => { app.family = Number(element.value); });
    bind('page-choice', element => { app.page_choice = element.value; });
    bind('cell-size', element => { app.cell_size = Number(element.value); });
    canvas.addEventListener('click', event => {
        const {columns, size, rows, height} = view.shown;
        if (event.offsetY < HEAD && event.offsetX >= LEFT)
            return choose_area(app, columns, size,
                               event.offsetX + box.scrollLeft);
        const r = Math.floor((event.offsetY - HEAD + box.scrollTop) / height);
        const i = column_at(columns, size, event.offsetX + box.scrollLeft);
        if (event.offsetX < LEFT && rows[r])
            app.choose({process: rows[r]});
        else if (i >= 0)
            app.choose({cell: {page: columns.pages[i],
                               process: rows[r] || null}});
        return undefined;
    });
    document.getElementById('all-areas').addEventListener('click', () => {
        app.page_range = null;
        app.redraw();
    });
    const drag = event => {
        if (event.buttons & 1 && event.offsetX >= LEFT)
            app.set_moment(view.series_scale.time(event.offsetX));
    };
    line.addEventListener('pointerdown', drag);
    line.addEventListener('pointermove', drag);
    box.addEventListener('keydown', event => pages_key(app, view, event));
    fill_families(app);
}

// Show only the area whose heading is at x.
function choose_area(app, columns, size, x) {
    let i = 0;
    while (i + 1 < columns.groups.length &&
           column_x(columns, size, columns.groups[i + 1].first) <= x)
        i++;
    const end = i + 1 < columns.groups.length ? columns.groups[i + 1].first :
        columns.pages.length;
    if (end > columns.groups[i]?.first)
        app.page_range = [columns.groups[i].page * PAGE,
                          (columns.pages[end - 1] + 1) * PAGE];
    app.redraw();
}

// Arrow keys walk over the boxes.
function pages_key(app, view, event) {
    const way = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1],
                 ArrowDown: [0, 1]}[event.key];
    if (!way || !view.shown.columns.pages.length)
        return;
    event.preventDefault();
    event.stopPropagation();
    const {columns, rows} = view.shown;
    const cell = app.cell || {page: columns.pages[0], process: null};
    const i = first_from(columns.pages, cell.page) + (app.cell ? way[0] : 0);
    const r = rows.indexOf(cell.process) + (cell.process ? way[1] : 1);
    app.choose({cell: {
        page: columns.pages[Math.max(0, Math.min(columns.pages.length - 1, i))],
        process: rows[Math.max(0, Math.min(rows.length - 1, r))] || null}});
}

function fill_families(app) {
    const select = document.getElementById('family');
    const add = (value, text) => {
        const option = document.createElement('option');
        option.value = value;
        option.textContent = text;
        select.append(option);
    };
    add(-1, 'all');
    for (const p of app.model.ordered.slice(0, 1000))
        add(p.index, `${'\u2003'.repeat(Math.min(6, p.depth))}` +
            `${app.model.name_at(p, app.trace.end)} (${p.pid})` +
            (p.children.length ? ' and its children' : ''));
    select.value = app.family;
}
