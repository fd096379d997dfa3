'use strict';
// page-main.js - the state of the page, and what buttons and keys do to it.
//
// Views do not know each other: they read `app` (window of time, moment, what
// is chosen) and call its methods; each change asks for one redraw of what is
// visible. Tests read `window.hanu`. Read next: page-data.js.

class App {
    constructor(trace) {
        this.trace = trace;
        this.model = new Model(trace);
        this.start = 0;
        this.end = trace.end;
        this.at = 0;
        this.tab = 'timeline';
        this.arrow_kinds = new Set(['fork', 'wait', 'signal', 'pipe',
                                    'message']);
        this.drawn_arrows = [];
        this.only_busy = false;
        this.family = first_family(this.model);
        this.page_choice = 'all';
        this.page_range = this.only_rows = null;
        this.cell_size = 0;
        this.only_cow = false;
        this.hits = null;
        this.redraws = this.operations = 0;
        this.clear_choice();
        this.show_command();
        this.at = this.first_moment();
    }

    // The window that the page opens with: the life of what was traced.
    show_command() {
        const root = this.model.processes[this.family];
        if (!root)
            return;
        const end = root.reaped || root.end || this.trace.end;
        const margin = (end - root.start) / 30;
        this.end = Math.min(this.trace.end, end + margin);
        this.start = Math.min(Math.max(0, root.start - margin), this.end - 1);
    }

    // Where the page opens: just after the first fork of the family.
    first_moment() {
        const {fork} = this.trace.kind_of, root = this.model.processes[
            this.family];
        for (let i = 0; i < this.trace.count && root; i++)
            if (this.trace.kind[i] === fork &&
                this.trace.tid[i] === root.pid)
                return Math.min(this.end, this.trace.time[i] +
                                (this.end - this.start) / 200);
        return 0;
    }

    clear_choice() {
        this.event = this.flow = -1;
        this.row = this.slice = this.process = this.cell = null;
    }

    // The replayed page tables; made when they are first asked for.
    frames() {
        if (!this.replayed)
            this.replayed = new Frames(this.model);
        return this.replayed;
    }

    // ---- time ----

    set_window(start, end) {
        const span = Math.min(this.trace.end, Math.max(100, end - start));
        this.start = Math.max(0, Math.min(this.trace.end - span, start));
        this.end = this.start + span;
        this.redraw();
    }

    // Show factor times as much, t staying where it is on the screen.
    zoom(factor, t = (this.start + this.end) / 2) {
        this.set_window(t - (t - this.start) * factor,
                        t + (this.end - t) * factor);
    }

    pan(part) {
        const way = Math.max(-this.start, Math.min(
            this.trace.end - this.end, part * (this.end - this.start)));
        this.set_window(this.start + way, this.end + way);
    }

    set_moment(t) {
        this.at = Math.max(0, Math.min(this.trace.end, t));
        this.redraw();
    }

    // ---- choosing ----

    // Choose one of {event, flow, row and slice, process, cell}.
    choose(what) {
        this.clear_choice();
        if (what.flow >= 0)
            this.flow = what.flow;
        if (what.event >= 0) {
            this.event = what.event;
            this.set_moment(this.trace.time[what.event]);
        } else if (what.at !== undefined || what.t !== undefined) {
            this.set_moment(what.at === undefined ? what.t : what.at);
        }
        if (what.row) {
            this.row = what.row;
            this.process = what.row.process || null;
            if (what.slice >= 0)
                this.slice = {row: what.row, index: what.slice};
        }
        if (what.process)
            this.process = what.process;
        if (what.cell) {
            this.cell = what.cell;
            this.process = what.cell.process;
        }
        this.redraw();
    }

    // Choose an event and bring it into sight.
    go_to(i) {
        const t = this.trace.time[i], span = this.end - this.start;
        if (t < this.start || t > this.end)
            this.set_window(t - span / 2, t + span / 2);
        const cell = this.tab === 'frames' && event_cell(this, i);
        if (cell)
            this.choose({cell, at: t});
        else
            this.choose({event: i});
        if (this.tab === 'events')
            this.views.find(v => v.id === 'events').show(i);
    }

    // The event before or after the chosen one; among hits, round and round.
    step(way) {
        const list = event_list(this);
        if (!list.length)
            return;
        let place = place_of(list, this.event < 0 ?
            first_from(this.trace.time, this.at) : this.event);
        const on_it = place < list.length &&
            event_of(list, place) === this.event;
        place += way > 0 ? (on_it ? 1 : 0) : -1;
        this.go_to(event_of(list, list.all ?
            Math.max(0, Math.min(list.length - 1, place)) :
            (place + list.length) % list.length));
    }

    search(query) {
        document.getElementById('query').value = query;
        const place = document.getElementById('hits');
        if (!query.trim()) {
            this.hits = null;
            place.textContent = '';
            this.redraw();
            return;
        }
        const test = compile_query(this, query), found = [];
        for (let i = 0; i < this.trace.count; i++)
            if (test(i))
                found.push(i);
        this.hits = Uint32Array.from(found);
        place.textContent = found.length === 1 ? '1 event' :
            `${found.length} events`;
        this.redraw();
    }

    // ---- drawing ----

    show_tab(id) {
        this.tab = id;
        for (const button of document.querySelectorAll('[role=tab]')) {
            const mine = button.id === 'tab-' + id;
            button.setAttribute('aria-selected', String(mine));
            button.tabIndex = mine ? 0 : -1;
        }
        for (const panel of document.querySelectorAll('[role=tabpanel]'))
            panel.hidden = panel.id !== id;
        this.draw_now();
    }

    redraw() {
        if (!this.waiting)
            this.waiting = requestAnimationFrame(() => this.draw_now());
    }

    draw_now() {
        if (this.waiting)
            cancelAnimationFrame(this.waiting);
        this.waiting = 0;
        const begin = performance.now();
        this.operations = 0;
        for (const view of this.views)
            if (view.id === this.tab || view.id === 'overview')
                this.operations += view.draw();
        show_detail(this);
        show_moment(this);
        this.redraws++;
        this.last_ms = performance.now() - begin;
    }
}

function show_moment(app) {
    const slider = document.getElementById('slider');
    const span = app.end - app.start;
    slider.value = Math.round(10000 * (app.at - app.start) / span);
    const text = time_text(app.at, span);
    document.getElementById('moment').textContent = text;
    slider.setAttribute('aria-valuetext', text);
}

function show_summary(app) {
    const {trace, model} = app;
    const lost = trace.lost.reduce((sum, n) => sum + n, 0);
    document.getElementById('summary').textContent =
        `${trace.count.toLocaleString('en')} events in ` +
        `${time_text(trace.end)}, ${trace.cpus} CPUs, ` +
        `${model.processes.length} processes` + (lost ?
            `; ${lost.toLocaleString('en')} events were lost (the ring was ` +
            'full): pictures have gaps' : '');
}

// ---- input ------------------------------------------------------------------

function on_click(id, action) {
    document.getElementById(id).addEventListener('click', action);
}

function connect_buttons(app) {
    on_click('zoom-in', () => app.zoom(.5));
    on_click('zoom-out', () => app.zoom(2));
    on_click('zoom-all', () => app.set_window(0, app.trace.end));
    on_click('previous-hit', () => app.step(-1));
    on_click('next-hit', () => app.step(1));
    on_click('help-button', event => {
        const help = document.getElementById('help');
        help.hidden = !help.hidden;
        event.target.setAttribute('aria-expanded', String(!help.hidden));
        app.redraw();
    });
    on_click('save-svg', () => save_svg(app));
    document.getElementById('search').addEventListener('submit', event => {
        event.preventDefault();
        app.search(document.getElementById('query').value);
        if (app.hits && app.hits.length)
            app.go_to(app.hits[first_from(app.hits, first_from(
                app.trace.time, app.at)) % app.hits.length]);
    });
    document.getElementById('slider').addEventListener('input', event => {
        app.set_moment(app.start + (app.end - app.start) *
                       event.target.value / 10000);
    });
    const tabs = [...document.querySelectorAll('[role=tab]')];
    tabs.forEach((tab, i) => {
        tab.addEventListener('click', () => app.show_tab(tab.id.slice(4)));
        tab.addEventListener('keydown', event => {
            const way = {ArrowLeft: -1, ArrowRight: 1}[event.key];
            if (!way)
                return;
            event.stopPropagation();
            const next = tabs[(i + way + tabs.length) % tabs.length];
            app.show_tab(next.id.slice(4));
            next.focus();
        });
    });
}

function connect_keys(app) {
    const actions = {
        '+': () => app.zoom(.5), '=': () => app.zoom(.5),
        '-': () => app.zoom(2), '0': () => app.set_window(0, app.trace.end),
        'ArrowLeft': () => app.pan(-.1), 'ArrowRight': () => app.pan(.1),
        ',': () => app.step(-1), '.': () => app.step(1),
        'n': () => app.step(1), 'N': () => app.step(-1),
        '/': () => document.getElementById('query').focus(),
    };
    ['timeline', 'frames', 'tree', 'faults', 'calls', 'events']
        .forEach((id, i) => { actions[i + 1] = () => app.show_tab(id); });
    document.addEventListener('keydown', event => {
        if (/INPUT|SELECT/.test(event.target.tagName) || event.ctrlKey ||
            event.altKey || event.metaKey || !actions[event.key])
            return;
        event.preventDefault();
        actions[event.key]();
    });
}

// ---- pictures as files ------------------------------------------------------

// The SVG text of a view; null: it has none.
function view_svg(app, id) {
    const view = app.views.find(v => v.id === id);
    return view && view.svg ? view.svg() : null;
}

function save_svg(app) {
    const text = view_svg(app, app.tab);
    if (text === null) {
        document.getElementById('message').textContent =
            'this view is a table: choose one of the pictures to save it';
        return;
    }
    document.getElementById('message').textContent = '';
    const anchor = document.createElement('a');
    anchor.href = URL.createObjectURL(new Blob([text],
                                               {type: 'image/svg+xml'}));
    anchor.download = app.tab + '.svg';
    anchor.click();
    setTimeout(() => URL.revokeObjectURL(anchor.href), 1000);
}

// A page opened as index.html#svg=VIEW,key=value,... shows the text of the
// picture only: this is how tools/trace-page makes figures.
function figure_wanted(app) {
    const wanted = new URLSearchParams(location.hash.slice(1));
    const id = wanted.get('svg');
    if (!id)
        return;
    const number = name => wanted.has(name) ? Number(wanted.get(name)) : null;
    if (number('start') !== null || number('end') !== null)
        app.set_window(number('start') || 0,
                       number('end') || app.trace.end);
    app.at = number('at') !== null ? number('at') : id === 'frames' ? app.end :
        -1;
    if (wanted.has('pages'))
        app.page_choice = wanted.get('pages');
    if (number('cell') !== null)
        app.cell_size = number('cell');
    if (number('pid') !== null) {
        const process = app.model.process_at(number('pid'), app.end);
        app.family = process ? process.index : -1;
        app.only_rows = new Set(family_of(app));
    }
    if (wanted.has('from') && wanted.has('to'))
        app.page_range = [number('from'), number('to')];
    if (wanted.has('arrows'))  // "+" is a blank here
        app.arrow_kinds = new Set(wanted.get('arrows').split(' '));
    const text = view_svg(app, id) || '';
    document.body.replaceChildren(element('pre', text, {id: 'svg'}));
}

// ---- start ------------------------------------------------------------------

async function start() {
    theme_read();
    const begin = performance.now();
    const trace = await trace_load();
    const loaded = performance.now();
    const app = new App(trace);
    app.views = [overview_setup(app), timeline_setup(app), pages_setup(app),
                 tree_setup(app), faults_setup(app), calls_setup(app),
                 events_setup(app)];
    app.load_ms = {columns: loaded - begin, model: performance.now() - loaded};
    show_summary(app);
    connect_buttons(app);
    connect_keys(app);
    window.addEventListener('resize', () => app.redraw());
    const dark = matchMedia('(prefers-color-scheme: dark)');
    dark.addEventListener('change', () => {
        theme_read();
        app.redraw();
    });
    app.show_tab('timeline');
    window.hanu = app;
    figure_wanted(app);
}

start().catch(error => {
    document.getElementById('message').textContent =
        'this trace cannot be shown: ' + error;
    throw error;
});
