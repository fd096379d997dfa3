'use strict';
// page-tables.js - the views that are text: tree, system calls, events.
//
// The list of events holds only the rows in sight as elements; all others are
// numbers in an array. Text comes into the page as textContent only, for the
// names of processes are what a program chose. Read next: page-main.js.

const EVENT_ROW = 22, MOST_TREE = 2000, MOST_SCROLL = 10000000;

function element(tag, text, attributes = {}) {
    const made = document.createElement(tag);
    if (text !== undefined)
        made.textContent = text;
    for (const name in attributes)
        made.setAttribute(name, attributes[name]);
    return made;
}

// Fill a table: headings (text or elements), rows of text.
function fill_table(table, headings, rows) {
    const head = document.createElement('tr');
    for (const heading of headings) {
        const cell = element('th', undefined, {scope: 'col'});
        cell.append(heading);
        head.append(cell);
    }
    const body = rows.map(row => {
        const line = document.createElement('tr');
        for (const value of row)
            line.append(element('td', String(value)));
        return line;
    });
    table.replaceChildren(head, ...body);
    return body;
}

// ---- fork tree --------------------------------------------------------------

function tree_setup(app) {
    const view = {id: 'tree', title: 'Fork tree'};
    let built = false;
    view.draw = () => {
        const place = document.getElementById('tree-list');
        if (!built)
            build_tree(app, place);
        built = true;
        for (const button of place.querySelectorAll('button[aria-current]'))
            button.removeAttribute('aria-current');
        const now = app.process &&
            document.getElementById('process-' + app.process.index);
        if (now)
            now.setAttribute('aria-current', 'true');
        return 0;
    };
    view.svg = () => tree_svg(app);
    document.getElementById('tree').addEventListener('keydown', event => {
        const buttons = [...document.querySelectorAll('#tree-list button')];
        const way = {ArrowDown: 1, ArrowUp: -1}[event.key];
        const now = buttons.indexOf(document.activeElement);
        if (way && now >= 0 && buttons[now + way]) {
            event.preventDefault();
            buttons[now + way].focus();
        }
    });
    return view;
}

function build_tree(app, place) {
    let left = MOST_TREE;
    const branch = list => {
        const made = document.createElement('ul');
        for (const process of list) {
            if (left-- <= 0)
                break;
            const item = document.createElement('li');
            item.append(tree_line(app, process));
            if (process.children.length)
                item.append(branch(process.children));
            made.append(item);
        }
        return made;
    };
    place.append(branch(app.model.roots));
    if (left < 0)
        place.append(element('p', `only the first ${MOST_TREE} of ` +
            `${app.model.processes.length} processes are listed`));
}

// "init → sh → ls": the names that a process had.
function names_text(process) {
    const names = process.names.map(entry => entry[1] || '?');
    return names.filter((name, i) => name !== names[i - 1]).join(' → ');
}

function process_times(app, process) {
    const end = process.end === null ? 'still there' :
        time_text(process.end, app.trace.end);
    const start = process.start > 0 ?
        time_text(process.start, app.trace.end) : 'before';
    return `${start} – ${end}`;
}

function process_fault_count(app, process) {
    return FAULT_CLASSES.reduce(
        (sum, _, c) => sum + app.model.process_faults(process, c).length, 0);
}

function tree_line(app, process) {
    const line = element('div', undefined, {class: 'proc'});
    const button = element('button', `${process.pid}  ${names_text(process)}`,
                           {id: 'process-' + process.index});
    button.addEventListener('click', () => app.choose({process}));
    const life = element('div', undefined, {class: 'life',
                                            'aria-hidden': 'true'});
    const bar = document.createElement('span');
    const end = process.end === null ? app.trace.end : process.end;
    bar.style.left = 100 * process.start / app.trace.end + '%';
    bar.style.width = 100 * (end - process.start) / app.trace.end + '%';
    bar.style.background = process.colour;
    life.append(bar);
    const threads = app.model.threads_of(process).length;
    const facts = [process_times(app, process),
                   process.end === null ? '' :
                       status_text(app.trace, process.status),
                   threads > 1 ? `${threads} threads` : '',
                   `${process_fault_count(app, process)} faults`];
    const name = document.createElement('span');
    name.style.setProperty('--depth', Math.min(12, process.depth));
    name.append(button);
    line.append(name, life,
                element('span', facts.filter(Boolean).join(', '),
                        {class: 'quiet'}));
    return line;
}

function tree_svg(app) {
    const list = app.model.ordered.slice(0, 200);
    const pen = new SvgPen(980, 30 + 24 * list.length, app.trace.command);
    const scale = new Scale(0, app.trace.end, 330, 700);
    const lines = new Map();
    draw_axis(pen, t => scale.x(t), 330, 700, 0, pen.height - 4, 0,
              app.trace.end);
    list.forEach((p, i) => {
        const x = 10 + 20 * p.depth, y = 36 + 24 * i;
        lines.set(p, y);
        if (p.up && lines.has(p.up)) {
            pen.line(x - 12, lines.get(p.up) + 8, x - 12, y, theme.line);
            pen.line(x - 12, y, x - 2, y, theme.line);
        }
        pen.text(text_fit(`${p.pid}  ${names_text(p)}`, 310 - x, 12), x, y,
                 theme.ink, 12);
        const end = p.end === null ? app.trace.end : p.end;
        pen.rect(scale.x(p.start), y - 6,
                 Math.max(2, scale.x(end) - scale.x(p.start)), 12, p.colour);
        pen.text(p.end === null ? 'still there' :
            status_text(app.trace, p.status), 715, y, theme.quiet, 11);
    });
    return pen.finish();
}

// ---- system calls -----------------------------------------------------------

function calls_setup(app) {
    const view = {id: 'calls', title: 'System calls'};
    app.call_order = 'spent';
    view.draw = () => {
        const rows = call_rows(app);
        const names = {name: 'call', count: 'times', failed: 'failed',
                       spent: 'time in all', mean: 'time of one'};
        const headings = Object.keys(names).map(key => {
            const button = element('button', names[key] +
                (app.call_order === key ? ' ▾' : ''), {id: 'sort-' + key});
            button.addEventListener('click', () => {
                app.call_order = key;
                app.redraw();
                document.getElementById('sort-' + key).focus();
            });
            return button;
        });
        const lines = fill_table(document.getElementById('calls-table'),
            headings, rows.map(r => [r.name, r.count, r.failed,
                time_text(r.spent), time_text(r.mean)]));
        lines.forEach((line, i) => {
            const button = element('button', rows[i].name, {class: 'link'});
            button.addEventListener('click', () =>
                app.search('syscall:' + rows[i].name));
            line.firstChild.replaceChildren(button);
        });
        return 0;
    };
    return view;
}

function call_rows(app) {
    const rows = [];
    for (const call of app.model.calls) {
        const a = first_from(call.time, app.start);
        const b = first_after(call.time, app.end);
        if (a === b)
            continue;
        const spent = call.spent[b] - call.spent[a];
        rows.push({name: call.name, count: b - a, spent,
                   failed: call.failed[b] - call.failed[a],
                   mean: spent / (b - a)});
    }
    const key = app.call_order;
    return rows.sort((a, b) => key === 'name' ?
        a.name.localeCompare(b.name) : b[key] - a[key]);
}

// ---- events -----------------------------------------------------------------

// The list that the view shows: the hits, else all events (as {length}).
function event_list(app) {
    return app.hits || {length: app.trace.count, all: true};
}

function event_of(list, place) {
    return list.all ? place : list[place];
}

// Where event i stands in the list, or the next one after it.
function place_of(list, i) {
    return list.all ? i : first_from(list, i);
}

function events_setup(app) {
    const view = {id: 'events', title: 'Events'};
    const box = document.getElementById('events-scroll');
    const rows = document.getElementById('events-rows');
    // Browsers have no element of 22 million pixels: the scroll bar's way is
    // shortened, and the first row follows from its share.
    const first_row = () => {
        const list = event_list(app);
        const high = Math.min(MOST_SCROLL, list.length * EVENT_ROW);
        box.querySelector('.spacer').style.height =
            Math.max(0, high - box.clientHeight) + 'px';
        const most = Math.max(1, high - box.clientHeight);
        const in_sight = Math.floor(box.clientHeight / EVENT_ROW);
        return Math.round(Math.min(1, box.scrollTop / most) *
                          Math.max(0, list.length - in_sight));
    };
    view.draw = () => {
        const list = event_list(app);
        rows.style.height = box.clientHeight + 'px';
        const first = first_row();
        const most = Math.ceil(box.clientHeight / EVENT_ROW) + 1;
        const made = [];
        for (let k = first; k < list.length && made.length < most; k++)
            made.push(event_line(app, event_of(list, k), k, list.length));
        rows.replaceChildren(...made);
        return made.length;
    };
    view.show = i => {
        const list = event_list(app);
        const high = Math.min(MOST_SCROLL, list.length * EVENT_ROW);
        const in_sight = Math.floor(box.clientHeight / EVENT_ROW);
        first_row();
        const want = Math.max(0, place_of(list, i) - Math.floor(in_sight / 3));
        box.scrollTop = want / Math.max(1, list.length - in_sight) *
            (high - box.clientHeight);
    };
    box.addEventListener('scroll', () => app.redraw());
    box.addEventListener('keydown', event => {
        const way = {ArrowDown: 1, ArrowUp: -1}[event.key];
        if (!way)
            return;
        event.preventDefault();
        app.step(way);
    });
    return view;
}

function event_line(app, i, place, count) {
    const kind = app.trace.kinds[app.trace.kind[i]];
    const chosen = app.event === i;
    const line = element('div', undefined, {class: 'event', role: 'option',
        'aria-selected': String(chosen), 'aria-posinset': place + 1,
        'aria-setsize': count});
    line.append(element('span', time_text(app.trace.time[i], app.trace.end)),
                element('span', 'CPU ' + app.trace.cpu[i]),
                element('span', app.model.actor(i)),
                element('span', kind.name), element('span',
                                                    event_text(app.model, i)));
    line.addEventListener('click', () => app.choose({event: i}));
    return line;
}

// ---- search -----------------------------------------------------------------

// A test of events for the words of a query, which must all fit. A word is
// KEY:VALUE (pid, tid, cpu, kind, syscall, frame, page, signal) or a text that
// occurs in the kind, its group, the names of the process or the arguments.
function compile_query(app, query) {
    const tests = query.trim().split(/\s+/).filter(Boolean)
        .map(word => compile_word(app, word.toLowerCase()));
    return i => tests.every(test => test(i));
}

function compile_word(app, word) {
    const {trace, model} = app;
    const [, key, value] = word.match(/^(\w+):(.+)$/) || [];
    const number = Number(value);
    switch (key) {
    case 'tid': return i => trace.tid[i] === number;
    case 'cpu': return i => trace.cpu[i] === number;
    case 'pid': return i => {
        const thread = model.threads[model.who[i]];
        return Boolean(thread) && thread.pid === number;
    };
    case 'kind': return i => trace.kinds[trace.kind[i]].name === value;
    case 'frame': return typed_test(trace, 'f', n => n === parseInt(value, 16));
    case 'page': {
        const page = Math.floor(parseInt(value, 16) / PAGE);
        return named_test(trace, 'address', n => Math.floor(n / PAGE) === page);
    }
    case 'syscall': return number_test(trace, 'syscalls', /^syscall/, value,
                                       true);
    case 'signal': return number_test(trace, 'signals', /^signal/, value);
    }
    return text_test(app, word);
}

// Arguments of the types (letters) that pass a test.
function typed_test(trace, types, test) {
    const places = trace.kinds.map(kind =>
        [...kind.types].map((t, k) => types.includes(t) ? k : -1)
            .filter(k => k >= 0));
    return i => places[trace.kind[i]].some(k => test(trace.arg(i, k), i, k));
}

function named_test(trace, name, test) {
    const places = trace.kinds.map(kind => kind.args.indexOf(name));
    return i => places[trace.kind[i]] >= 0 &&
        test(trace.arg(i, places[trace.kind[i]]));
}

// Kinds by name whose first argument is a number of an enumeration.
function number_test(trace, table, kinds, text, whole = false) {
    const wanted = new Set(Object.entries(trace.enums[table] || {})
        .filter(([, name]) => whole ? name.toLowerCase() === text :
            name.toLowerCase().includes(text))
        .map(([number]) => Number(number)));
    const fits = trace.kinds.map(kind => kinds.test(kind.name));
    return i => fits[trace.kind[i]] && wanted.has(trace.arg(i, 0));
}

function text_test(app, word) {
    const {trace, model} = app;
    const has = text => String(text || '').toLowerCase().includes(word);
    const kinds = trace.kinds.map(kind => has(kind.name) || has(kind.group));
    const threads = model.threads.map(t => has(t.name) ||
        t.process !== null && t.process.names.some(entry => has(entry[1])));
    const strings = new Set();
    trace.strings.forEach((text, i) => has(text) && strings.add(i));
    const enums = {};
    for (const letter in trace.enums)
        if (Array.isArray(trace.enums[letter]))
            enums[letter] = trace.enums[letter].map(has);
    const in_words = typed_test(trace, 's' + Object.keys(enums).join(''),
        (value, i, k) => {
            const type = trace.kinds[trace.kind[i]].types[k];
            return type === 's' ? strings.has(value) : enums[type][value];
        });
    const calls = number_test(trace, 'syscalls', /^syscall/, word);
    const signals = number_test(trace, 'signals', /^signal/, word);
    return i => kinds[trace.kind[i]] || model.who[i] >= 0 &&
        threads[model.who[i]] || in_words(i) || calls(i) || signals(i);
}
