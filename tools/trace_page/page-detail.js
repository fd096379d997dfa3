'use strict';
// page-detail.js - the panel that explains what was chosen: an event, a slice
// of a lane, an arrow, a process, or a page of a process with its history.
// Everything is text and buttons, so it can be read aloud and walked through.
// Read next: page-main.js.

const WHY_TEXT = ['mapped', 'copied on write', 'taken back: writable again',
                  'shared by fork', 'rights changed', 'moved here'];

// A list of [term, description], where a description is text or an element.
function facts(entries) {
    const list = document.createElement('dl');
    for (const [name, value] of entries) {
        if (value === undefined || value === '')
            continue;
        const description = document.createElement('dd');
        description.append(value);
        list.append(element('dt', name), description);
    }
    return list;
}

function link(text, action) {
    const button = element('button', text, {class: 'link', type: 'button'});
    button.addEventListener('click', action);
    return button;
}

function event_link(app, i, text) {
    return link(text || time_text(app.trace.time[i], app.end - app.start),
                () => app.go_to(i));
}

function process_link(app, process, t) {
    return process ? link(`${app.model.name_at(process, t)} (${process.pid})`,
                          () => app.choose({process})) : 'the kernel';
}

function show_detail(app) {
    const parts = app.cell ? cell_detail(app) :
        app.flow >= 0 ? flow_detail(app) :
            app.event >= 0 ? event_detail(app, app.event) :
                app.slice ? slice_detail(app) :
                    app.process ? process_detail(app, app.process) : null;
    if (!parts)
        return;
    // Text that stays keeps its elements, and so the keyboard's place in it.
    const box = document.getElementById('detail'), made = element('div');
    made.append(...parts);
    if (made.textContent !== box.textContent)
        box.replaceChildren(...made.childNodes);
}

// ---- an event ----

function event_detail(app, i) {
    const {trace, model} = app, kind = trace.kinds[trace.kind[i]];
    const t = trace.time[i], thread = model.threads[model.who[i]];
    const entries = [
        ['time', time_text(t, Math.min(1e6, app.end - app.start))],
        ['CPU', String(trace.cpu[i])],
        ['thread', model.actor(i)],
        ['process', thread ? process_link(app, thread.process, t) : ''],
    ];
    kind.args.forEach((name, k) => {
        if (kind.args.indexOf(name) === k)
            entries.push([name, value_text(trace, kind.types[k],
                                           trace.arg(i, k))]);
    });
    const parts = [element('h3', `${kind.name} (${kind.group})`),
                   element('p', `${model.actor(i)}: ${event_text(model, i)}.`)];
    if (kind.name === 'fault')
        parts.push(element('p', 'Kind: ' +
            FAULT_CLASSES[model.class_of_fault(i)].label + '.'));
    parts.push(facts(entries), ...related(app, i));
    return parts;
}

// Arrows at an event, its system call's other end, its page.
function related(app, i) {
    const {flow, flow_kinds} = app.trace, parts = [];
    for (let f = 0; f < flow.count && parts.length < 8; f++) {
        const other = flow.from[f] === i ? flow.to[f] :
            flow.to[f] === i ? flow.from[f] : -1;
        if (other < 0)
            continue;
        const line = element('p', flow_kinds[flow.kind[f]] +
            (flow.from[f] === i ? ': leads to ' : ': caused by '));
        line.append(event_link(app, other, app.model.actor(other) + ' at ' +
            time_text(app.trace.time[other], app.end - app.start)));
        parts.push(line);
    }
    const exit = first_from(app.model.call_enter, i);
    if (app.model.call_enter[exit] === i && app.model.call_exit[exit] >= 0) {
        const end = app.model.call_exit[exit];
        const line = element('p', 'took ' + time_text(
            app.trace.time[end] - app.trace.time[i]) + ', ');
        line.append(event_link(app, end, event_text(app.model, end)));
        parts.push(line);
    }
    const cell = event_cell(app, i);
    if (cell) {
        const line = document.createElement('p');
        line.append(link('show this page and its frame', () => {
            app.show_tab('frames');
            app.choose({cell, at: app.trace.time[i]});
        }));
        parts.push(line);
    }
    return parts;
}

// The page that an event is about, as {page, process}; null: none.
function event_cell(app, i) {
    const kind = app.trace.kinds[app.trace.kind[i]];
    const k = kind.args.indexOf('address'), s = kind.args.indexOf('space');
    if (k < 0 || s < 0)
        return null;
    const owners = app.frames().owners(app.trace.arg(i, s),
                                       app.trace.time[i]);
    return {page: Math.floor(app.trace.arg(i, k) / PAGE),
            process: owners[0] || null};
}

// ---- a slice, an arrow ----

function slice_detail(app) {
    const {row, index} = app.slice, lane = row.lane;
    const start = lane.start[index], end = lane.start[index + 1];
    const entries = [['from', time_text(start, app.end - app.start)],
                     ['until', time_text(end, app.end - app.start)],
                     ['lasts', time_text(end - start)]];
    if (row.cpu !== undefined) {
        const thread = app.model.threads[lane.what[index]];
        entries.unshift(['runs', thread && thread.process ?
            process_link(app, thread.process, start) :
            app.model.thread_name(thread, start)]);
        return [element('h3', 'CPU ' + row.cpu), facts(entries)];
    }
    const what = lane.what[index];
    entries.unshift(['state', what < 0 ? 'not there' : STATE_TEXT[what]]);
    if (what === RUNNING)
        entries.push(['on', 'CPU ' + lane.why[index]]);
    if (what === BLOCKED && lane.why[index] > 0)
        entries.push(['waits for', app.trace.strings[lane.why[index]]]);
    const name = `${app.model.thread_name(row, start)} (${row.tid})`;
    const parts = [element('h3', name), facts(entries)];
    if (row.process)
        parts.push(...process_detail(app, row.process).slice(1));
    return parts;
}

function flow_detail(app) {
    const {flow, flow_kinds, time} = app.trace, f = app.flow;
    const name = flow_kinds[flow.kind[f]];
    const end = (text, i) => {
        const line = element('p', `${text} at ${time_text(
            time[i], app.end - app.start)}: ${app.model.actor(i)} `);
        line.append(event_link(app, i, event_text(app.model, i)));
        return line;
    };
    return [element('h3', 'arrow: ' + (FLOW_STYLE[name] || ['', name])[1]),
            end('from', flow.from[f]), end('to', flow.to[f]),
            facts([['takes', time_text(time[flow.to[f]] -
                                       time[flow.from[f]])]])];
}

// ---- a process ----

function process_detail(app, process) {
    const {model} = app, end = process.end === null ? app.trace.end :
        process.end;
    const sum = s => model.threads_of(process).reduce(
        (total, t) => total + t.lane.spent(s, 0, app.trace.end), 0);
    const entries = [
        ['names', names_text(process)],
        ['parent', process.up ? process_link(app, process.up, process.start) :
            process.parent ? String(process.parent) : 'none'],
        ['life', process_times(app, process)],
        ['ended', process.end === null ? '' :
            status_text(app.trace, process.status)],
        ['ran', time_text(sum(0))], ['ready', time_text(sum(1))],
        ['threads', String(model.threads_of(process).length)],
        ['faults', String(process_fault_count(app, process))],
    ];
    const parts = [element('h3', `process ${process.pid}`), facts(entries)];
    if (process.children.length) {
        const line = element('p', 'children: ');
        process.children.slice(0, 30).forEach((child, i) =>
            line.append(i ? ', ' : '', process_link(app, child, child.start)));
        parts.push(line);
    }
    const line = element('p');
    line.append(link('its time', () => app.set_window(process.start, end)),
                ', ', link('its events', () =>
                    app.search('pid:' + process.pid)));
    parts.push(line);
    return parts;
}

// ---- a page ----

function cell_detail(app) {
    const frames = app.frames(), {page, process} = app.cell;
    const parts = [element('h3', `page ${hex(page * PAGE)}` +
        (process ? ` of ${app.model.name_at(process, app.at)} ` +
            `(${process.pid})` : ''))];
    const space = process && frames.space_at(process, app.at);
    const at = space === undefined || space === null ? -1 :
        frames.find(space, page, app.at);
    if (at < 0)
        parts.push(element('p', 'not mapped at this moment'));
    else
        parts.push(...mapping_detail(app, frames, at));
    if (process)
        parts.push(element('h3', 'history'), cell_history(app, frames));
    return parts;
}

function mapping_detail(app, frames, at) {
    const {frame, bits, start} = frames.interval;
    const words = {alone: 'of this process alone', zero: 'page of zeroes',
                   shared: 'shared', file: 'page of a file', swap: 'in swap',
                   both: 'page of a file, mapped several times'};
    const list = frames.mappings(frame.values[at], app.at);
    const users = frames.users(frame.values[at], app.at);
    const area = frames.area_of(frames.spaces.get(
        frames.cell_space.values[frames.interval.cell.values[at]]),
    app.cell.page);
    const parts = [facts([
        ['frame', hex(frame.values[at])],
        ['entry', bits_text(bits.values[at])],
        ['area', area ? `${access_text(area.prot)}${area_text(app.trace, area)}`
            : ''],
        ['kind', words[page_kind(frames, at, app.at)]],
        ['since', time_text(start.values[at], app.end - app.start)],
        ['mapped by', `${users} page table ${users === 1 ? 'entry' :
            'entries'}`]])];
    const sharers = document.createElement('ul');
    sharers.id = 'sharers';
    for (const other of bits.values[at] & IN_SWAP ? [] : list) {
        const cell = frames.interval.cell.values[other];
        const item = document.createElement('li');
        const owners = frames.owners(frames.cell_space.values[cell], app.at);
        owners.forEach((p, i) => item.append(i ? ', ' : '',
            process_link(app, p, app.at)));
        item.append(` at ${hex(frames.cell_page.values[cell] * PAGE)}, ` +
            bits_text(bits.values[other]));
        sharers.append(item);
    }
    parts.push(element('p', 'who maps this frame:'), sharers);
    return parts;
}

// What happened to a page of a process, in all its address spaces.
function cell_history(app, frames) {
    const {frame, bits, why, event, start} = frames.interval;
    const list = element('ol', undefined, {class: 'history'});
    for (const [, id] of app.cell.process.spaces || []) {
        const space = frames.spaces.get(id);
        const cell = space && space.cells.get(app.cell.page);
        if (cell === undefined)
            continue;
        for (const at of frames.by_cell.list(cell).slice(-200)) {
            const item = document.createElement('li');
            item.append(event_link(app, event.values[at], time_text(
                start.values[at], app.end - app.start)),
            ` ${WHY_TEXT[why.values[at]]}: ` + (bits.values[at] & IN_SWAP ?
                `slot ${hex(frame.values[at])}` : `frame ` +
                hex(frame.values[at])) + `, ${bits_text(bits.values[at])}`);
            if (start.values[at] <= app.at &&
                app.at < frames.interval.end.values[at])
                item.className = 'now';
            list.append(item);
        }
    }
    return list;
}
